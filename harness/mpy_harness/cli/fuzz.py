"""The command ``fuzz``: calls of a native module that nobody thought of, under the memory checker."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.board.natmod_loader import ModuleLoader, build_module
from mpy_harness.board.pool import BoardPool
from mpy_harness.cli.options import (
    GcStress,
    MicroPython,
    NatmodMake,
    Natmods,
    TargetName,
    Unwritten,
    chosen_target,
    make_words,
)
from mpy_harness.cli.status import GUEST_FAILED
from mpy_harness.counting.instrument import check_asked_for
from mpy_harness.errors import ConfigurationInvalid, NatmodInvalid
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.firmware.progress import shown
from mpy_harness.fuzzing.hunt import Found, Hunt, RandomDraw
from mpy_harness.fuzzing.reproducer import write_test
from mpy_harness.fuzzing.subject import Subject
from mpy_harness.limits import TEXT_BYTES
from mpy_harness.resources import read_file, scratch
from mpy_harness.targets import DEFAULT_TARGET


def command(
    module: Annotated[
        str, typer.Argument(metavar="MODULE[.FUNCTION]", help="Folder of a native module, its name, or a .mpy file.")
    ],
    *,
    calls: Annotated[int, typer.Option("--calls", min=1, help="How many calls are made.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same calls.")] = 0,
    setup: Annotated[
        Path | None,
        typer.Option(
            "--setup",
            help="MicroPython that runs before each sequence: its objects and buffers are used.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder for the tests that show what was found.", file_okay=False)
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for a few calls.")] = 4.0,
    target: TargetName = DEFAULT_TARGET,
    natmods: Natmods = None,
    natmod_make: NatmodMake = None,
    gc_stress: GcStress = False,
    memcheck_unwritten: Unwritten = False,
    micropython: MicroPython = None,
) -> None:
    """Call a native module with all that nobody thought of; write a test for each thing that goes wrong."""
    words = make_words(natmod_make)
    chosen = chosen_target(target)
    text = _text_of(setup) if setup is not None else ""
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as logs:
        pool = BoardPool(Path(logs), micropython=micropython)
        try:
            with shown() as pool.progress:
                check = check_asked_for(memory=True, stress=gc_stress, unwritten=memcheck_unwritten)
                board = pool.board(chosen, mode=None, check=check, covers=True)
                loader = ModuleLoader(board, tuple(natmods or ()), (), micropython, words, pool.progress)
                file, only = _module(module, loader)
            job = FuzzJob(Subject(board, file, text, timeout), only, calls, seed, output)
            raise typer.Exit(job.run())
        finally:
            pool.close()


@dataclass
class FuzzJob:
    """Calls to make of a module's functions, all or only one, and where what goes wrong is written."""

    subject: Subject
    only: str
    calls: int
    seed: int
    output: Path | None

    def run(self) -> int:
        """Make the calls, tell and write down what was found; return the exit status."""
        surface = self.subject.look(self.only)
        if not surface.functions and not surface.methods:
            raise NatmodInvalid(f"{self.subject.name} has nothing that can be called")
        hunt = Hunt(self.subject, surface, RandomDraw(self.seed), self._tell)
        hunt.run(self.calls)
        if self.only and self.only not in surface.knows:
            raise NatmodInvalid(
                f"nothing named {self.only!r} was met in {self.subject.name}: {', '.join(sorted(surface.knows))}"
            )
        print(f"{hunt.calls:,} calls in {hunt.sequences:,} sequences, seed {self.seed}: {self._reached(hunt)}")
        print(_of(len(hunt.found), "thing") + " found" if hunt.found else "nothing found")
        for key, said in hunt.unsure.items():
            print(f"not seen again, maybe the consequence of something else: {key[0]} {key[1]}\n  {_first(said)}")
        return GUEST_FAILED if hunt.found else 0

    def _reached(self, hunt: Hunt) -> str:
        coverage = self.subject.board.coverage.so_far()
        lines = [runs for file in coverage.values() for runs in file.lines.values()]
        if lines:
            return f"{sum(runs > 0 for runs in lines):,} of {_of(len(lines), 'line')} of C ran"
        return f"{_of(len({offset for offset, _ in hunt.ways}), 'block')} of code ran"

    def _tell(self, found: Found) -> None:
        name = self.subject.name
        command_line = shlex.join(["mpy-harness", *sys.argv[1:]])
        try:
            folder = self.output or scratch(Path.cwd()) / "fuzz" / name
            path = write_test(found, self.subject, folder, command_line)
        except OSError as error:
            place = self.output or Path.cwd()
            raise ConfigurationInvalid(f"{place} cannot take tests: {error.strerror}. Say where: --output.") from error
        shown_path = os.path.relpath(path)
        print(f"{found.said}\n  the test that shows it: {shown_path}  (pytest {shlex.quote(shown_path)})\n", flush=True)


def _module(name: str, loader: ModuleLoader) -> tuple[NatmodBuild | Path, str]:
    """Return the module, built, or its file, and which function alone is called ("": all). Raises NatmodInvalid."""
    stem, dot, only = name.rpartition(".")
    for text, function in ((name, ""), (stem, only))[: 2 if stem else 1]:
        if text.endswith(".mpy"):
            if Path(text).is_file():
                return Path(text), function
            continue
        try:
            folder = loader.folder(text)
        except NatmodInvalid:
            continue
        target = loader.board.target
        return build_module(folder, target, loader.micropython, loader.progress, loader.words), function
    if name.endswith(".mpy"):
        raise NatmodInvalid(f"there is no file {name}")
    loader.folder(name if "/" in name or not dot else stem)
    raise NatmodInvalid(f"there is no native module {name!r}")


def _text_of(path: Path) -> str:
    try:
        return read_file(path, TEXT_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"{path} cannot be read: {error}") from error


def _of(number: int, what: str) -> str:
    return f"{number:,} {what}" + "s" * (number != 1)


def _first(text: str) -> str:
    return text.partition("\n")[0]
