"""Counting as tests ask for it: the marker ``counting``, and the instructions of a case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mpy_harness.board.board import Board
from mpy_harness.counting.count import Count
from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import BudgetInvalid
from mpy_harness.plugin.options import COUNTING

MARKER = f"counting(mode): what the test's board counts: {', '.join(COUNTING)}."


def counting_of(item: pytest.Item, default: Mode | None) -> Mode | None:
    """Return what a test's board is to count.

    That is what its marker says, else the default; a budget of time turns plain counting into classes.
    """
    marker = item.get_closest_marker("counting")
    if marker is None:
        is_timed = any("time_us" in budget.kwargs for budget in item.iter_markers("budget"))
        return "classes" if is_timed and default == "count" else default
    if len(marker.args) != 1 or marker.args[0] not in COUNTING or marker.kwargs:
        raise BudgetInvalid(f"pytest.mark.counting takes one of {', '.join(map(repr, COUNTING))}")
    return COUNTING[marker.args[0]]


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
