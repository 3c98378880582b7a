"""What markers and fixtures have to do with counting: budgets, ways to count, instructions of a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from mpy_harness.board.board import Board
from mpy_harness.counting.count import Count
from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import BudgetExceeded, BudgetInvalid
from mpy_harness.options import COUNTING
from mpy_harness.reports.profile_table import function_lines

MARKERS = (
    "budget(instructions, region=None): fail the test if what it runs in the guest, or that region, takes more.",
    f"counting(mode): what the test's board counts: {', '.join(COUNTING)}.",
)
_CONTRIBUTORS = 5


def counting_of(item: pytest.Item, default: Mode | None) -> Mode | None:
    """Return what a test's board is to count."""
    marker = item.get_closest_marker("counting")
    if marker is None:
        return default
    if len(marker.args) != 1 or marker.args[0] not in COUNTING or marker.kwargs:
        raise BudgetInvalid(f"pytest.mark.counting takes one of {', '.join(map(repr, COUNTING))}")
    return COUNTING[marker.args[0]]


def regions_of(counts: list[Count]) -> Iterator[Count]:
    """Return regions and those inside them."""
    for count in counts:
        yield count
        yield from regions_of(count.regions)


@dataclass(frozen=True)
class Budget:
    """How many instructions a test may take: all that it runs in the guest, or a region of it."""

    board: Board
    instructions: int
    region: str | None

    @classmethod
    def all_of(cls, item: pytest.Item, board: Board | None) -> list[Budget]:
        """Return a test's budgets: of the markers for one thing, the closest to the test. Raises BudgetInvalid."""
        budgets: dict[str | None, Budget] = {}
        for marker in item.iter_markers("budget"):
            limit, region = _limit_of(marker)
            if board is None:
                raise BudgetInvalid("pytest.mark.budget wants a test that uses the fixture board")
            budgets.setdefault(region, cls(board, limit, region))
        return list(budgets.values())

    def check(self, whole: Count) -> None:
        """Raise BudgetExceeded if it took too much, BudgetInvalid if its region was never counted."""
        count = whole if self.region is None else self._named(self.region)
        excess = count.instructions - self.instructions
        if excess <= 0:
            return
        where = "the test" if self.region is None else f"region {self.region!r}"
        share = f", {_share(excess, self.instructions)}" if self.instructions else ""
        text = (
            f"{where} took {count.instructions:,} instructions, {self.instructions:,} are allowed "
            f"({excess:,} more{share})"
        )
        if count.profile is None:
            raise BudgetExceeded(f"{text}. --counting functions shows which functions took them.")
        raise BudgetExceeded("\n".join([text, *function_lines(count.profile, _CONTRIBUTORS)]))

    def _named(self, name: str) -> Count:
        total, names = Count(name), set()
        for count in regions_of(self.board.counts):
            names.add(repr(count.name))
            if count.name == name:
                total.add(count)
        if repr(name) not in names:
            counted = ", ".join(sorted(names - {"''"})) or "none"
            raise BudgetInvalid(f"the budget is for the region {name!r}; the test counted {counted}")
        return total


def _share(excess: int, limit: int) -> str:
    return f"{excess / limit:.1%}" if excess < 10 * limit else f"{1 + excess / limit:,.0f} times as many"


def _limit_of(marker: pytest.Mark) -> tuple[int, str | None]:
    unknown = marker.kwargs.keys() - {"instructions", "region"}
    limit, region = marker.kwargs.get("instructions"), marker.kwargs.get("region")
    is_whole = isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0
    if unknown or marker.args or not is_whole or not isinstance(region, str | None):
        given = [*map(repr, marker.args), *(f"{name}={value!r}" for name, value in marker.kwargs.items())]
        said = ", ".join(given) or "nothing"
        raise BudgetInvalid(
            f'pytest.mark.budget takes instructions=NUMBER and region="NAME", not {said}. NUMBER is a whole one.'
        )
    return int(limit or 0), region


class Since:
    """The instructions counted since the last time, or again those where nothing was counted since.

    ``counts`` are the regions that they are the sum of.
    """

    def __init__(self, board: Callable[[], Board | None]) -> None:
        self._board = board
        self._seen = 0
        self.counts: list[Count] = []

    def __call__(self) -> int | None:
        """Return the sum over the regions that were not seen before."""
        board = self._board()
        new = board.counts[self._seen :] if board is not None else []
        self._seen += len(new)
        if new:
            self.counts = new
        return sum(count.instructions for count in self.counts) if self.counts else None
