"""GDB on each board of a run (``--gdb``): from the terminal, or with commands from a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board.board import Board
from mpy_harness.debugging.gdb import gdb_for
from mpy_harness.debugging.session import Debugger, Gdb

_TERMINAL = "/dev/tty"


def add_options(group: pytest.OptionGroup) -> None:
    """Declare the options to pytest."""
    group.addoption(
        "--gdb",
        action="store_true",
        default=False,
        help="Attach GDB to each board: it reads from the terminal when a breakpoint or a fault stops the guest.",
    )
    group.addoption(
        "--gdb-break",
        action="append",
        default=[],
        metavar="PLACE",
        help="Stop there: iir.c:61, or a function (repeatable)",
    )
    group.addoption(
        "--gdb-commands",
        metavar="FILE",
        default=None,
        help="Commands of GDB, for each board, in place of the terminal.",
    )


def attaching(config: pytest.Config) -> Callable[[Board], Callable[[], None]] | None:
    """Return what attaches GDB to a board, None where that is not asked for.

    Raises pytest.UsageError where it cannot be: with workers, or without a terminal.
    """
    commands = config.getoption("gdb_commands")
    places = config.getoption("gdb_break")
    if not (config.getoption("gdb") or commands or places):
        return None
    if os.environ.get("PYTEST_XDIST_WORKER") or config.getoption("numprocesses", default=None):
        raise pytest.UsageError("--gdb: GDB has one guest at a time. Leave out -n.")
    file = None
    if commands is not None:
        file = (config.invocation_params.dir / commands).resolve()
        if not file.is_file():
            raise pytest.UsageError(f"--gdb-commands: there is no file {file}")
    elif not _has_terminal():
        raise pytest.UsageError(
            "--gdb reads from a terminal, and there is none. Run commands from a file: --gdb-commands FILE."
        )
    output = _uncaptured_output(config)
    folder = tempfile.TemporaryDirectory(prefix="mpy-harness-gdb-")
    config.add_cleanup(folder.cleanup)

    def attach(board: Board) -> Callable[[], None]:
        machines.kind_of(board.target).check_gdb()
        gdb = Gdb(gdb_for(board.target), tuple(places), file)
        place = Path(tempfile.mkdtemp(dir=folder.name))
        if file is not None:
            return Debugger(board, place, gdb, output=output).attach()
        with open(_TERMINAL, "r+b", buffering=0) as terminal:  # noqa: PTH123 - a terminal cannot be sought
            return Debugger(board, place, gdb, talk=terminal.fileno(), output=terminal.fileno()).attach()

    return attach


def _has_terminal() -> bool:
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR))
    except OSError:
        return False
    return True


def _uncaptured_output(config: pytest.Config) -> int:
    """Return a descriptor of standard output, which is not captured while pytest is configured; closed with the run."""
    output = os.dup(1)
    config.add_cleanup(lambda: os.close(output))
    return output
