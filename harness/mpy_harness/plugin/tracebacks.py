"""A failed test's traceback ends at the test: our own frames say nothing to its reader."""

from __future__ import annotations

import contextlib
import inspect
from pathlib import Path
from types import TracebackType

import pluggy
import pytest

from mpy_harness.errors import HarnessError

# What `with board.count()` goes through on its way to us is as little use as we are.
_OURS = (Path(__file__).resolve().parent.parent, Path(contextlib.__file__))
_PYTEST = tuple(Path(inspect.getfile(part)).parent for part in (pytest.Item, pluggy.PluginManager))


def hide_ours(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Take our frames off an exception and those before it, and off our errors what led to them on our side."""
    if isinstance(excinfo.value, pytest.skip.Exception):
        return  # pytest says from where it was raised
    error: BaseException | None = excinfo.value
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, HarnessError):
            error.__cause__ = None
            error.__suppress_context__ = True
        if error.__traceback__ is not None:
            _strip(error.__traceback__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    excinfo.traceback = type(excinfo.traceback)(excinfo.tb)


def _strip(entry: TracebackType) -> None:
    # The first is never ours: it is pytest's, or the user's that handled the exception.
    while entry.tb_next is not None:
        if _is_in(entry.tb_next, _OURS):
            entry.tb_next = entry.tb_next.tb_next
        else:
            entry = entry.tb_next


def bare(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """Return all there is to say of one of our errors that no code of the user's led to (a fixture's); or ""."""
    if not isinstance(excinfo.value, HarnessError):
        return ""
    entry: TracebackType | None = excinfo.tb
    while entry is not None:
        if not _is_in(entry, _PYTEST):
            return ""
        entry = entry.tb_next
    return f"{type(excinfo.value).__name__}: {excinfo.value}"


def _is_in(entry: TracebackType, places: tuple[Path, ...]) -> bool:
    file = Path(entry.tb_frame.f_code.co_filename)
    return any(file.is_relative_to(place) for place in places)
