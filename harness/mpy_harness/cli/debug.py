"""The command ``debug``."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.board.board import Board
from mpy_harness.cli.options import (
    Arguments,
    DevicePath,
    EmulatorHostOptions,
    EmulatorOptions,
    GivenFirmware,
    MicroPython,
    NatmodMake,
    Natmods,
    Script,
    TargetName,
    chosen_target,
    make_words,
)
from mpy_harness.cli.script import ScriptJob
from mpy_harness.debugging.gdb import gdb_for
from mpy_harness.debugging.session import Debugger, Gdb
from mpy_harness.targets import DEFAULT_TARGET

_NO_LIMIT = 1e6  # seconds: poll() takes no more than two million


def command(
    script: Script,
    arguments: Arguments = None,
    *,
    breakpoints: Annotated[
        list[str] | None, typer.Option("--break", "-b", metavar="PLACE", help="Stop there: iir.c:61, or a function.")
    ] = None,
    commands: Annotated[
        Path | None,
        typer.Option("--commands", "-x", exists=True, dir_okay=False, help="Commands of GDB, in place of a prompt."),
    ] = None,
    debugger: Annotated[str, typer.Option("--debugger", metavar="PROGRAM", help="The GDB to use.")] = "",
    target: TargetName = DEFAULT_TARGET,
    device_path: DevicePath = None,
    natmods: Natmods = None,
    natmod_make: NatmodMake = None,
    micropython: MicroPython = None,
    firmware: GivenFirmware = None,
    emulator_options: EmulatorOptions = "",
    emulator_host_options: EmulatorHostOptions = "",
) -> None:
    """Run a script under GDB, with symbols, types and lines of the native modules that it loads."""
    chosen = chosen_target(target, emulator_options, emulator_host_options)
    gdb = Gdb(gdb_for(chosen, debugger), breakpoints or (), commands)
    job = ScriptJob(
        script,
        chosen,
        arguments or (),
        tuple(device_path or ()),
        micropython,
        _NO_LIMIT,
        tuple(natmods or ()),
        firmware,
        make_words(natmod_make),
    )
    with tempfile.TemporaryDirectory(prefix="mpy-harness-gdb-") as folder:

        def attach(board: Board) -> Callable[[], None]:
            print(f"{chosen.name} runs; no time is over while GDB is there.", file=sys.stderr)
            return Debugger(board, Path(folder), gdb).attach()

        raise typer.Exit(job.debug(attach))
