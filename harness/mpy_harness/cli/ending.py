"""How the command ends: every failure is a message and a status, and nothing is left behind.

Statuses mean something here (1: something got worse), so an error that nobody foresaw must not end with Python's 1.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import TextIO

import typer

from mpy_harness.cli.failures import show_failure
from mpy_harness.cli.status import GUEST_FAILED, MACHINERY_FAILED
from mpy_harness.errors import GuestFailure, HarnessError, MeasurementsInvalid, ModelInvalid


def end_by_exception() -> None:
    """Let SIGTERM and SIGHUP end the program as Ctrl-C does: emulators are ended, temporary folders removed.

    A signal that is ignored (nohup) stays so.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, lambda *_: None)  # a second one does not interrupt the clearing up
        raise SystemExit(128 + number)

    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is signal.SIG_DFL:
            signal.signal(each, end)


def status_of(command: Callable[[], object]) -> int:
    """Run a command of typer's; say on standard error what it failed of, and return its status."""
    status = _run(command)
    if error := _flush(sys.stdout):
        if not isinstance(error, BrokenPipeError):
            show_failure(f"standard output cannot be written: {error.strerror}.")
        status = MACHINERY_FAILED
    _flush(sys.stderr)  # there is nowhere to say that it cannot be written
    return status


def _flush(stream: TextIO | None) -> OSError | None:
    """Write what is left of an output, and return why that failed."""
    if stream is None:
        return None
    try:
        stream.flush()
    except OSError as error:
        # What is left in the buffer would be tried again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return error
    return None


def _run(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as end:
        # To typer, a reader that has gone and a question without an answer are status 1.
        if isinstance(end.__context__, (OSError, typer.Abort)):
            return MACHINERY_FAILED
        return end.code if isinstance(end.code, int) else int(end.code is not None) * MACHINERY_FAILED
    except HarnessError as error:
        show_failure(error)
        # Of a model that cannot be estimated nobody knows whether it fits.
        is_guests = isinstance(error, GuestFailure) and not isinstance(error, (MeasurementsInvalid, ModelInvalid))
        return GUEST_FAILED if is_guests else MACHINERY_FAILED
    except OSError as error:
        show_failure(
            f"{error.filename or 'standard output'}: {error.strerror or error}. Make room there, or name another place."
        )
    except MemoryError:
        show_failure("there is not enough memory for this.")
    except Exception:  # noqa: BLE001 - whatever it is, it has a status
        show_failure(f"this is an error in mpy-harness; please report it with these lines.\n{traceback.format_exc()}")
    return MACHINERY_FAILED
