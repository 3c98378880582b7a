"""What tests ask of their boards by markers, and the instructions of a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

from mpy_harness.board.board import Board
from mpy_harness.counting.count import Count
from mpy_harness.counting.guest_time import GuestTime
from mpy_harness.counting.instrument import Check, Mode, check_asked_for
from mpy_harness.errors import BudgetInvalid
from mpy_harness.plugin.options import COUNTING, GUEST_TIMES, RESETS
from mpy_harness.targets import Reset

_T = TypeVar("_T")

#: What pytest is told of them.
MARKERS = (
    f"counting(mode): what the test's board counts: {', '.join(COUNTING)}.",
    f"reset(kind): what the board goes through before the test: {', '.join(RESETS)}.",
    f"guest_time(what): what the clock of the test's board goes by: {', '.join(GUEST_TIMES)}.",
    "memcheck(on=True, *, unwritten=False): check what native code does to memory, also reads of what nobody wrote.",
)


def reset_of(item: pytest.Item, default: Reset | None) -> Reset | None:
    """Return what a test's board goes through before it: what its marker says, else the default; None: the target's."""
    marker = item.get_closest_marker("reset")
    return default if marker is None else _one_of(RESETS, marker)


def guest_time_of(item: pytest.Item, default: GuestTime | None) -> GuestTime | None:
    """Return what the clock of a test's board goes by: what its marker says, else the default."""
    marker = item.get_closest_marker("guest_time")
    return default if marker is None else _one_of(GUEST_TIMES, marker)


def _one_of(known: Mapping[str, _T], marker: pytest.Mark) -> _T:
    if len(marker.args) != 1 or marker.args[0] not in known or marker.kwargs:
        raise BudgetInvalid(f"pytest.mark.{marker.name} takes one of {', '.join(map(repr, known))}")
    return known[marker.args[0]]


def check_of(item: pytest.Item, default: Check) -> Check:
    """Return how a test's board checks memory: its marker tells whether, else the default."""
    marker = item.get_closest_marker("memcheck")
    if marker is None:
        return default
    given = (*marker.args, *marker.kwargs.values())
    if len(marker.args) > 1 or marker.kwargs.keys() - {"unwritten"} or not all(isinstance(on, bool) for on in given):
        raise BudgetInvalid("pytest.mark.memcheck takes True, False or nothing, and unwritten=True or False")
    if marker.args == (False,):
        return ""
    unwritten = marker.kwargs.get("unwritten", "unwritten" in default)
    return check_asked_for(memory=True, stress="stress" in default, unwritten=unwritten)


def counting_of(item: pytest.Item, default: Mode | None) -> Mode | None:
    """Return what a test's board is to count.

    That is what its marker says, else the default; a budget of time needs classes, also where a whole run counts
    functions.
    """
    marker = item.get_closest_marker("counting")
    if marker is None:
        is_timed = any("time_us" in budget.kwargs for budget in item.iter_markers("budget"))
        return "classes" if is_timed and default in {"count", "functions"} else default
    return _one_of(COUNTING, marker)


class CountsSinceLastCheck:
    """The instructions counted since the last time, or again those where nothing was counted since.

    ``counts`` are the regions that are new.
    """

    def __init__(self, board: Callable[[], Board | None]) -> None:
        self._board = board
        self._seen = 0
        self._last: int | None = None
        self.counts: list[Count] = []

    def __call__(self) -> int | None:
        """Return the sum over the regions that were not seen before."""
        board = self._board()
        self.counts = board.counts[self._seen :] if board is not None else []
        self._seen += len(self.counts)
        if self.counts:
            self._last = sum(count.instructions for count in self.counts)
        return self._last
