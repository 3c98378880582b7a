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
from mpy_harness.cli.script_options import ScriptOptions, grouped
from mpy_harness.debugging import launch_json as launch_json_file
from mpy_harness.debugging.gdb import gdb_for
from mpy_harness.debugging.session import Debugger, Gdb
from mpy_harness.resources import scratch

_WAITING = Path(".mpy-harness/gdb")  # where an editor finds a guest that waits
_NO_LIMIT = 1e6  # seconds: poll() takes no more than two million


@grouped
def command(
    options: ScriptOptions,
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
) -> None:
    """Run a script under GDB, with symbols, types and lines of the native modules that it loads."""
    job = options.job(_NO_LIMIT)
    chosen = job.target
    machines.kind_of(chosen).check_gdb()
    program = gdb_for(chosen, debugger) if not wait else None
    if launch_json is not None:
        launch_json_file.write(launch_json, gdb_for(chosen, debugger), _WAITING)
        print(f"{launch_json} is written. Start the guest with: mpy-harness debug --wait {job.script}", file=sys.stderr)
        return
    gdb = Gdb(program, breakpoints or (), commands) if program is not None else None
    with tempfile.TemporaryDirectory(prefix="mpy-harness-gdb-") as folder:

        def attach(board: Board) -> Callable[[], None]:
            print(f"{chosen.name} runs; no time is over while GDB is there.", file=sys.stderr)
            if not wait:
                return Debugger(board, Path(folder), gdb).attach()
            waiting = Debugger(board, scratch(Path.cwd()) / _WAITING.name, None)
            print(f"It waits for GDB: source {waiting.files.begin}", file=sys.stderr, flush=True)
            return waiting.attach()

        raise typer.Exit(job.debug(attach))
