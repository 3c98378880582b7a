"""A failed test's traceback ends at the test: our own frames say nothing to its reader."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import TracebackType

import pluggy
import pytest

from mpy_harness.errors import HarnessError

_OURS = Path(__file__).resolve().parent.parent
_PYTEST = tuple(Path(inspect.getfile(part)).parent for part in (pytest.Item, pluggy.PluginManager))


def hide_ours(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Take our frames off an exception, and off one of our errors what led to it on our side."""
    entry: TracebackType = excinfo.tb  # the first is pytest's own
    while entry.tb_next is not None:
        if _file(entry.tb_next).is_relative_to(_OURS):
            entry.tb_next = entry.tb_next.tb_next
        else:
            entry = entry.tb_next
    excinfo.traceback = type(excinfo.traceback)(excinfo.tb)
    if isinstance(excinfo.value, HarnessError):
        excinfo.value.__cause__ = None
        excinfo.value.__suppress_context__ = True


def bare(excinfo: pytest.ExceptionInfo[BaseException]) -> str | None:
    """Return all there is to say of one of our errors that no code of the user's led to (a fixture's); or None."""
    if not isinstance(excinfo.value, HarnessError):
        return None
    entry: TracebackType | None = excinfo.tb
    while entry is not None:
        if not any(_file(entry).is_relative_to(folder) for folder in _PYTEST):
            return None
        entry = entry.tb_next
    return f"{type(excinfo.value).__name__}: {excinfo.value}"


def _file(entry: TracebackType) -> Path:
    return Path(entry.tb_frame.f_code.co_filename)
