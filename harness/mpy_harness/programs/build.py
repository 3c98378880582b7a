"""Compile plain C for a target, without MicroPython: models as emlearn and others generate them, benchmarks."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import ProgramInvalid, TargetInvalid
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.board_sources import board_folders, board_sources
from mpy_harness.targets import Target

#: The makefile that knows how, in one of the folders of the board.
RECIPE = "program.mk"
_BUILD_SECONDS = 300.0
_SOURCES = "sources"


@dataclass(frozen=True)
class Program:
    """A program for a target: its linked image, beside it the linker's map, and the object files of its sources."""

    elf: Path
    target: Target
    objects: tuple[str, ...]


def can_build(target: Target) -> bool:
    """Tell whether plain C can be compiled for a target."""
    return _recipe(target) is not None


def check_can_build(target: Target) -> None:
    """Raise TargetInvalid where plain C cannot be compiled for a target."""
    _recipe_of(target)


def check_tools(target: Target) -> None:
    """Raise ToolMissing where what compiles for the target is missing."""
    if target.is_plain:
        toolchain.compiler(target.cross, f"compiling for {target.name}")
    else:
        toolchain.toolchain(target.cross, target.built.micropython)


def build_program(
    target: Target,
    sources: Sequence[Path],
    folder: Path,
    *,
    include: Sequence[Path] = (),
    cflags: Sequence[str] = (),
    ldflags: Sequence[str] = (),
) -> Program:
    """Compile and link C sources, one of which has ``main``, into ``folder``, which is emptied before.

    Headers are found beside the sources and in the folders ``include``. Raises ToolMissing, TargetInvalid where a
    target cannot have programs, ProgramInvalid for sources that do not compile.
    """
    recipe = _recipe_of(target)
    image = target.firmware_of or target
    check_tools(image)
    _check(sources, include)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # By links, because make can take no path with blanks; their names become those of the object files.
    links = _links(folder / _SOURCES, sources)
    headers = dict.fromkeys([*(file.absolute().parent for file in sources), *(each.absolute() for each in include)])
    for number, place in enumerate(headers):
        (folder / f"include{number}").symlink_to(place)
    (folder / "Makefile").write_text("include $(RECIPE)\n", encoding="utf-8")
    boards = board_sources(image).put(folder / "board")
    variables = {
        **boards,
        "RECIPE": str(Path(boards[recipe], RECIPE)),
        "BUILD": "build",
        "CROSS_COMPILE": image.cross,
        "SOURCES": " ".join(f"{_SOURCES}/{name}" for name in links),
        "INCLUDES": " ".join(f"-Iinclude{number}" for number in range(len(headers))),
        "PROGRAM_CFLAGS": _for_make(cflags),
        "PROGRAM_LDFLAGS": _for_make(ldflags),
    }
    failure = _make(folder, variables)
    if failure is not None:
        raise ProgramInvalid(f"the program did not compile for {target.name}:\n{_renamed(failure, folder, links)}")
    return Program(folder / "build" / "program.elf", target, tuple(f"{name[:-2]}.o" for name in links))


def _recipe(target: Target) -> str | None:
    # The variable that names the folder which has it.
    image = target.firmware_of or target
    if not (image.is_built or image.is_plain):
        return None  # what its board is made of is not known
    return next((name for name, folder in board_folders(image).items() if (folder / RECIPE).is_file()), None)


def _recipe_of(target: Target) -> str:
    recipe = _recipe(target)
    if recipe is None:
        raise TargetInvalid(
            f"plain C cannot be compiled for target {target.name}: there is no {RECIPE} among its board's files. "
            "Choose another target."
        )
    return recipe


def _check(sources: Sequence[Path], include: Sequence[Path]) -> None:
    if not sources:
        raise ProgramInvalid("a program needs C sources, one of them with main()")
    for file in sources:
        if file.suffix != ".c" or not file.is_file():
            raise ProgramInvalid(f"{file} is {'no C source (.c)' if file.is_file() else 'not there'}")
    for place in include:
        if not place.is_dir():
            raise ProgramInvalid(f"{place}, to include from, is not a folder")


def _links(folder: Path, sources: Sequence[Path]) -> dict[str, Path]:
    folder.mkdir()
    links: dict[str, Path] = {}
    for file in sources:
        stem = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in file.stem)
        name, number = f"{stem}.c", 1
        while name in links:
            number += 1
            name = f"{stem}_{number}.c"
        (folder / name).symlink_to(file.absolute())
        links[name] = file
    return links


def _renamed(failure: str, folder: Path, links: dict[str, Path]) -> str:
    # The links as compiler and linker call them (which one how depends on their versions), by the files' own names.
    called = {}
    for name, file in links.items():
        for link in (f"{folder / _SOURCES}/{name}", f"{_SOURCES}/{name}", str(folder / name)):
            called[link] = str(file)
    pattern = "|".join(map(re.escape, sorted(called, key=len, reverse=True)))
    return re.sub(pattern, lambda match: called[match[0]], failure)


def _for_make(flags: Sequence[str]) -> str:
    # Both make and its shell read it.
    return shlex.join(flags).replace("$", "$$")


def _make(folder: Path, variables: dict[str, str]) -> str | None:
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
    return toolchain.make(folder, variables, env=env, log=folder / "build.log", timeout=_BUILD_SECONDS)
