"""What a target adds to MicroPython: frozen modules, and modules in C, by the variables that its makefiles have for it.

``FROZEN_MANIFEST``, ``USER_C_MODULES`` and ``MPY_LIB_DIR`` are paths relative to ``target.toml`` (MicroPython manual,
"MicroPython manifest files" and "MicroPython external C modules").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mpy_harness.errors import TargetInvalid
from mpy_harness.firmware import guest_program, make_variables
from mpy_harness.firmware.board_sources import board_folders
from mpy_harness.firmware.project_mirror import Mirror
from mpy_harness.firmware.sources import Source
from mpy_harness.targets import FILE_NAME, Target

_PATHS = _MANIFEST, _C_MODULES, _LIBRARY = "FROZEN_MANIFEST", "USER_C_MODULES", "MPY_LIB_DIR"
_VARIABLE = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
# What a manifest may call $(MANIFEST_DIR).
_MANIFEST_DIR = "MICROPY_MANIFEST_MANIFEST_DIR"
_LIBRARY_NOT_FOUND = re.compile(r"Package '.*' not found in any known library")


def check(target: Target) -> None:
    """Raise TargetInvalid where the target adds what is not there."""
    for name, what in _faults(target):
        raise TargetInvalid(f"{target.folder / FILE_NAME}: firmware.make.{name}: {what}.")


def check_names(target: Target, source: Source) -> None:
    """Raise TargetInvalid where a variable's name seems to be spelt wrong; for before a build, which takes any name."""
    unread = make_variables.unread(target.built.make, _makefiles(target, source))
    if misspelt := make_variables.misspelt(unread):
        raise TargetInvalid(f"the firmware of {target.name}: {make_variables.told(misspelt)}")


def _makefiles(target: Target, source: Source) -> Iterator[Path]:
    """Yield makefiles that are known before a build: MicroPython's, the board's, those of modules in C."""
    port = source.path / "ports" / target.built.port
    yield port / "Makefile"
    own = [place for name in _PATHS if (place := _place(target, name)) is not None and place.is_dir()]
    for folder in (source.path / "py", source.path / "extmod", port, *board_folders(target).values(), *own):
        yield from folder.rglob("*.mk")


def with_make(target: Target, words: Iterable[str], base: Path) -> Target:
    """Return the target with more variables for MicroPython's makefiles, ``NAME=VALUE``; paths are below ``base``.

    Raises TargetInvalid for other words, for what is not there, and for a target whose firmware is not built.
    """
    more = {}
    for word in words:
        found = _VARIABLE.fullmatch(word)
        if found is None:
            raise TargetInvalid(f"--firmware-make wants NAME=VALUE, such as {_C_MODULES}=cmodules, not {word!r}.")
        name, value = found.groups()
        more[name] = str((base / Path(value).expanduser()).absolute()) if name in _PATHS and value else value
    if not more:
        return target
    changed = _changed(target, more)
    for name, what in _faults(changed):
        if name in more:
            raise TargetInvalid(f"--firmware-make {name}: {what}.")
    return changed


def each_with_make(
    targets: Mapping[str, Target], must: Mapping[str, bool], words: Iterable[str], base: Path
) -> dict[str, Target]:
    """Return targets with more variables for MicroPython's makefiles (see ``with_make``).

    Of targets that a pattern stands for (not ``must``), those whose firmware is built.
    """
    words = list(words)
    built = {name: target for name, target in targets.items() if must[name] or target.is_built or not words}
    if not built:
        raise TargetInvalid("--firmware-make: no target that this pattern stands for has firmware that is built.")
    return {name: with_make(target, words, base) for name, target in built.items()}


def check_image(given: Path | None, words: Iterable[str]) -> None:
    """Raise TargetInvalid where there are variables for makefiles and an image that is finished."""
    if given is not None and any(words):
        raise TargetInvalid("--firmware-make is for firmware that is built: leave --firmware out.")


def _changed(target: Target, more: dict[str, str]) -> Target:
    firmware = target.built.model_copy(update={"make": {**target.built.make, **more}})
    base = target.firmware_of and _changed(target.firmware_of, more)
    return target.model_copy(update={"firmware": firmware, "firmware_of": base})


def _faults(target: Target) -> Iterator[tuple[str, str]]:
    """Yield each variable that names what is not there, and what is wrong with it."""
    for name in _PATHS:
        place = _place(target, name)
        if place is not None and not (place.is_file() if name == _MANIFEST else place.is_dir()):
            yield name, f"there is no {'file' if name == _MANIFEST else 'folder'} {place}. Correct it"
    modules = _place(target, _C_MODULES)
    if modules is not None and not any(modules.glob("*/micropython.mk")):
        hint = f": {modules.parent}" if (modules / "micropython.mk").is_file() else ""
        yield _C_MODULES, f"no folder in {modules} has a micropython.mk. Name the folder above the modules{hint}"


def has_c_modules(target: Target) -> bool:
    """Tell whether the target adds modules in C."""
    return _place(target, _C_MODULES) is not None


def c_modules(target: Target) -> frozenset[str]:
    """Return the names of the folders with modules in C that the target adds."""
    modules = _place(target, _C_MODULES)
    return (
        frozenset(file.parent.name for file in modules.glob("*/micropython.mk")) if modules is not None else frozenset()
    )


def variables(target: Target, source: Source, folder: Path) -> dict[str, str]:
    """Return make's variables for what a target adds; what make reads of it is put below ``folder``.

    Modules in C are built in a copy of their project, so that no path has a blank and nothing is written there.
    """
    found: dict[str, str] = {}
    manifest, library = _place(target, _MANIFEST), _place(target, _LIBRARY)
    if manifest is not None or not target.built.make.get(_MANIFEST, ""):
        # A manifest of ours that includes it: the shell gets its path without quotes.
        ours = folder / "manifest.py"
        theirs = "" if manifest is None else f"include({str(manifest)!r})\n"
        ours.write_text(theirs + guest_program.freeze(target, source.version, folder / "guest"), encoding="utf-8")
        found |= {_MANIFEST: str(ours), _MANIFEST_DIR: str(manifest.parent if manifest is not None else folder)}
    if (mirror := mirror_of(target, folder)) is not None:
        mirror.fill()
        found[_C_MODULES] = str(mirror.place)
    if library is None and not (source.path / "lib" / "micropython-lib" / "README.md").is_file():
        # Its makefiles refuse any manifest without that submodule, which few manifests need.
        library = folder / "micropython-lib"
        library.mkdir()
        (library / "README.md").touch()
    if library is not None:
        found[_LIBRARY] = str(library)
    return found


def mirror_of(target: Target, folder: Path) -> Mirror | None:
    """Return the copy, below ``folder``, in which modules in C are built; None for a target without any."""
    modules = _place(target, _C_MODULES)
    return None if modules is None else Mirror(modules, folder / "project")


def folders_listed(target: Target, read: Iterable[Path]) -> list[Path]:
    """Return the folders in which make looks for modules in C and their sources: those, and those of files ``read``."""
    modules = _place(target, _C_MODULES)
    if modules is None:
        return []
    below = {file.parent for file in read if file.is_relative_to(modules)}
    return sorted({modules, *(child for child in modules.iterdir() if child.is_dir()), *below})


def explained(failure: str, target: Target, folder: Path) -> str:
    """Return what make said with the user's own paths, and what to do about it."""
    manifest, mirror = _place(target, _MANIFEST), mirror_of(target, folder)
    if manifest is not None:
        failure = failure.replace(f"Error in manifest file: {folder / 'manifest.py'}: ", "")
        failure = failure.replace(str(folder / "manifest.py"), str(manifest))
    if mirror is not None:
        failure = mirror.with_own_paths(failure)
    if not _LIBRARY_NOT_FOUND.search(failure):
        return failure
    return (
        f"{failure}\nThe manifest requires a package of micropython-lib, which is no part of the source that is "
        "fetched. Give one of both: a tree of MicroPython with its submodules, --micropython PATH (in PATH: git "
        "submodule update --init lib/micropython-lib), or a checkout of micropython-lib, by the key "
        f"{_LIBRARY} beside {_MANIFEST} in the target's {FILE_NAME}."
    )


def _place(target: Target, name: str) -> Path | None:
    """Return the file or folder that a variable names; None where it names none, is code, or is for make to expand."""
    value = target.built.make.get(name, "").strip()
    if not value or "$" in value or (name == _MANIFEST and not value.endswith(".py")):
        return None
    return (target.folder / Path(value).expanduser()).resolve()
