"""Which native modules a script imports, found before it runs: folders to build, and finished files.

The script and the Python files that it imports are read, not run. So an import whose name is computed is not found,
and one that is never executed is.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mpy_harness.limits import TEXT_BYTES
from mpy_harness.resources import read_file

_SUFFIXES = (".py", ".mpy")  # in the order in which MicroPython looks for them (py/builtinimport.c)


@dataclass(frozen=True)
class Imports:
    """Folders of native modules to build, by the names that they are imported by, .mpy files to load, Python files.

    ``names`` are all that is imported, by whichever of the files.
    """

    natmods: dict[str, Path] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    sources: list[Path] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def parse(script: Path) -> ast.Module | None:
    """Return a script's syntax tree, None for one that is not valid: running it will raise the guest's error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd escapes in strings: the guest's affair
            return ast.parse(read_file(script, TEXT_BYTES))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def imports_of(script: Path, first: Sequence[Path], natmods: Sequence[Path], last: Sequence[Path]) -> Imports:
    """Return what a script imports, and what that imports in turn.

    Names are looked for in the folders ``first``, then among the folders with a Makefile in those of
    ``natmods``, then among the files in these, then in ``last``.
    """
    found = Imports()
    pending = [script]
    seen = found.names
    while pending:
        tree = parse(pending.pop())
        for name in _names(tree) if tree is not None else ():
            if name in seen:
                continue
            seen.add(name)
            files = _files(name.split("."), first, natmods, last, found.natmods)
            sources = [file for file in files if file.suffix == ".py"]
            pending += sources
            found.sources.extend(file for file in sources if file not in found.sources)
            found.files.extend(file for file in files if file.suffix == ".mpy" and file not in found.files)
    return found


def module_file(place: Path) -> Path | None:
    """Return the file of a module whose path without its suffix is ``place``, None where there is none."""
    return next((file for suffix in _SUFFIXES if (file := place.parent / (place.name + suffix)).is_file()), None)


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")


def _files(
    name: Sequence[str],
    first: Sequence[Path],
    natmods: Sequence[Path],
    last: Sequence[Path],
    found: dict[str, Path],
) -> list[Path]:
    """Return the files that importing a dotted name loads; a native module's folder goes to ``found``."""
    for folder in first:
        if files := _in_folder(folder, name):
            return files
    for folder in natmods:
        if (folder / name[0] / "Makefile").is_file():
            found.setdefault(name[0], folder / name[0])
            return []
    for folder in natmods:
        if file := module_file(folder / name[0]):
            return [file]
    return next((files for folder in last if (files := _in_folder(folder, name))), [])


def _in_folder(folder: Path, name: Sequence[str]) -> list[Path]:
    """Return the files of a dotted name in a folder: of its packages, and of the module; none if it is not there."""
    place = folder / name[0]
    if not _is_package(place):
        file = module_file(place)
        return [file] if file else []
    start = module_file(place / "__init__")
    files = [start] if start else [place]  # a package without a file of its own: its folder
    return files + (_in_folder(place, name[1:]) if len(name) > 1 else [])


def shadows(folder: Path) -> list[str]:
    """Return the names of folders in a folder that MicroPython would import as packages without a file of their own."""
    return sorted(
        place.name
        for place in folder.iterdir()
        if place.name.isidentifier() and place.is_dir() and not module_file(place / "__init__")
    )


def _is_package(place: Path) -> bool:
    """Tell whether a folder is one to import from, not one with a native module's sources or with data."""
    if not place.is_dir():
        return False
    if module_file(place / "__init__"):
        return True
    return not (place / "Makefile").is_file() and any(file.suffix in _SUFFIXES for file in place.iterdir())
