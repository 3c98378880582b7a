"""The command ``debug``."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness import machines
from mpy_harness.board.board import Board
from mpy_harness.cli.options import (
    Arguments,
    DevicePath,
    EmulatorHostOptions,
    EmulatorOptions,
    GcStress,
    GivenFirmware,
    Memcheck,
    MicroPython,
    NatmodMake,
    Natmods,
    Script,
    TargetName,
    Unwritten,
    chosen_target,
    make_words,
)
from mpy_harness.cli.script import ScriptJob
from mpy_harness.counting.instrument import check_asked_for
from mpy_harness.debugging import launch_json as launch_json_file
from mpy_harness.debugging.gdb import gdb_for
from mpy_harness.debugging.session import Debugger, Gdb
from mpy_harness.resources import scratch
from mpy_harness.targets import DEFAULT_TARGET

_WAITING = Path(".mpy-harness/gdb")  # where an editor finds a guest that waits
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
    wait: Annotated[bool, typer.Option("--wait", help="Start no GDB: wait for an editor's.")] = False,
    launch_json: Annotated[
        Path | None,
        typer.Option("--launch-json", metavar="FILE", help="Write a configuration for editors, and run nothing."),
    ] = None,
    memcheck: Memcheck = False,
    gc_stress: GcStress = False,
    memcheck_unwritten: Unwritten = False,
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
    machines.kind_of(chosen).check_gdb()
    program = gdb_for(chosen, debugger) if not wait else None
    if launch_json is not None:
        launch_json_file.write(launch_json, gdb_for(chosen, debugger), _WAITING)
        print(f"{launch_json} is written. Start the guest with: mpy-harness debug --wait {script}", file=sys.stderr)
        return
    gdb = Gdb(program, breakpoints or (), commands) if program is not None else None
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
        check_asked_for(memory=memcheck, stress=gc_stress, unwritten=memcheck_unwritten),
    )
    with tempfile.TemporaryDirectory(prefix="mpy-harness-gdb-") as folder:

        def attach(board: Board) -> Callable[[], None]:
            print(f"{chosen.name} runs; no time is over while GDB is there.", file=sys.stderr)
            if not wait:
                return Debugger(board, Path(folder), gdb).attach()
            waiting = Debugger(board, scratch(Path.cwd()) / _WAITING.name, None)
            print(f"It waits for GDB: source {waiting.files.begin}", file=sys.stderr, flush=True)
            return waiting.attach()

        raise typer.Exit(job.debug(attach))
