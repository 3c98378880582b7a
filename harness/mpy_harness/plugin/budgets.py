"""Limits that a test declares with ``pytest.mark.budget``, and what they are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any, Literal, get_args

import pytest
from pydantic import ByteSize, TypeAdapter, ValidationError

from mpy_harness.board.board import Board
from mpy_harness.costs import Budget
from mpy_harness.errors import BudgetExceeded, BudgetInvalid
from mpy_harness.plugin.costs import Costs, Figure

MARKER = (
    "budget(instructions, time_us, alloc, heap, leak, stack, flash, ram, region=None): fail the test if what it runs "
    "in the guest, that region of it, or (flash, ram) the native modules it loads take more."
)

#: The fixture that gives a test its limits for what it estimates.
ESTIMATED = "budget"
Metric = Literal["instructions", "time_us", "alloc", "heap", "leak", "stack", "flash", "ram"]
_COUNTED, _WATCHED, _LOADED = {"instructions", "time_us"}, {"alloc", "heap", "leak", "stack"}, {"flash", "ram"}
_BYTES = TypeAdapter(ByteSize)
_TAKES = (
    "pytest.mark.budget takes instructions=NUMBER and alloc=NUMBER (whole ones), time_us=NUMBER, heap=, leak=, stack=, "
    'flash= and ram= (bytes: a whole number or text such as "16 KiB"), and region="NAME" for those of what is run'
)


@dataclass(frozen=True)
class Limit:
    """How much of a metric a test may use: in its whole run (``region`` None), or in a region of it."""

    metric: Metric
    value: int | float
    region: str | None = None

    def excess(self, figure: Figure) -> str:
        """Return in words by how much a figure exceeds the limit, "" if it does not."""
        excess = figure.value - self.value
        if excess <= 0:
            return ""
        more = f"{figure.amount(excess)} more" + (f", {_share(excess, self.value)}" if self.value else "")
        text = f"{figure.sentence}, {figure.amount(self.value)} are allowed ({more})"
        if not figure.contributors:
            return f"{text}.{figure.hint}"
        return "\n".join([text, *figure.contributors])


def limits_of(item: pytest.Item) -> list[Limit]:
    """Return a test's limits: of the markers for one thing, the closest to the test. Raises BudgetInvalid."""
    limits: dict[tuple[str, str | None], Limit] = {}
    for marker in item.iter_markers("budget"):
        for limit in _limits(marker):
            limits.setdefault((limit.metric, limit.region), limit)
    return list(limits.values())


def estimated(item: pytest.Item) -> Budget:
    """Return a test's limits for what it estimates. Raises BudgetInvalid."""
    limits = {limit.metric: limit.value for limit in limits_of(item) if limit.region is None}
    known = {field.name for field in fields(Budget)}
    if (unknown := sorted(limits.keys() - known)) and "board" not in getattr(item, "fixturenames", ()):
        raise BudgetInvalid(f"no estimate tells {unknown[0]}, only {', '.join(sorted(known))}: leave it out.")
    words: dict[str, Any] = {metric: value for metric, value in limits.items() if metric in known}
    if not words:
        raise BudgetInvalid(
            'the fixture budget wants limits: @pytest.mark.budget(heap="32 KiB", time_us=20_000) before the test.'
        )
    return Budget(**words)


@dataclass
class Budgets:
    """The limits of a test that runs on a board, and what it costs."""

    limits: Sequence[Limit]
    costs: Costs = field(repr=False)

    @classmethod
    def of(cls, item: pytest.Item, board: Board | None) -> Budgets | None:
        """Return a test's budgets, None if it has none. Raises BudgetInvalid."""
        limits = limits_of(item)
        if not limits:
            return None
        if board is None:
            if ESTIMATED in getattr(item, "fixturenames", ()):
                return None  # they are for what the test estimates
            raise BudgetInvalid(
                "pytest.mark.budget wants a test that uses the fixture board, or budget for what it estimates"
            )
        return cls(limits, Costs(board))

    @contextmanager
    def measured(self) -> Iterator[Costs]:
        """Count what the limits are about while the test runs."""
        board = self.costs.board
        metrics = {limit.metric for limit in self.limits if limit.region is None}
        with ExitStack() as regions:
            # Which functions allocate is found out by counting.
            if metrics & _COUNTED or (metrics & _WATCHED and board.can_count):
                self.costs.count = regions.enter_context(board.count(listed=False))
            if metrics & _WATCHED:
                self.costs.allocations = regions.enter_context(board.allocations(listed=False))
            yield self.costs

    def figures(self) -> list[tuple[Limit, Figure]]:
        """Return each limit with what was used of it. Raises BudgetInvalid for what was never measured."""
        return [(limit, self.costs.figure(limit.metric, limit.region)) for limit in self.limits]


def check(figures: Iterable[tuple[Limit, Figure]]) -> None:
    """Raise BudgetExceeded for the limits that were exceeded."""
    excesses = [limit.excess(figure) for limit, figure in figures]
    if any(excesses):
        raise BudgetExceeded("\n".join(filter(None, excesses)))


def _limits(marker: pytest.Mark) -> Iterator[Limit]:
    values = dict(marker.kwargs)
    region = values.pop("region", None)
    unknown = values.keys() - set(get_args(Metric))
    if unknown or not values or marker.args or not isinstance(region, str | None):
        raise BudgetInvalid(f"{_TAKES}, not {_as_written(marker)}.")
    if region is not None and (about := sorted(values.keys() & _LOADED)):
        raise BudgetInvalid(f"{about[0]}= is about native modules, region= about what is run: give them apart.")
    for metric, value in values.items():
        number = _number(metric, value)
        if number is None:
            raise BudgetInvalid(f"{_TAKES}, not {_as_written(marker)}.")
        yield Limit(metric, number, region)  # type: ignore[arg-type]


def _number(metric: str, value: Any) -> int | float | None:
    if isinstance(value, bool) or (not isinstance(value, str) and (not isinstance(value, int | float) or value < 0)):
        return None
    if metric == "time_us":
        return value if not isinstance(value, str) and isfinite(value) else None
    if metric in {"instructions", "alloc"}:
        return value if isinstance(value, int) else None
    if isinstance(value, float):
        return None
    try:
        return int(_BYTES.validate_python(value))
    except ValidationError:
        return None


def _as_written(marker: pytest.Mark) -> str:
    given = [*map(repr, marker.args), *(f"{name}={value!r}" for name, value in marker.kwargs.items())]
    return ", ".join(given) or "nothing"


def _share(excess: float, limit: float) -> str:
    return f"{excess / limit:.1%}" if excess < 10 * limit else f"{1 + excess / limit:,.0f} times as many"
