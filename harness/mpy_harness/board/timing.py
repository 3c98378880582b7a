"""How long functions take on a chip, by its own clock."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mpy_harness.board.objects import GuestObject
from mpy_harness.board.requests import Requests
from mpy_harness.errors import GuestException, TimingUnavailable

_MOST = 10_000  # of repetitions: the guest keeps a number for each
# One expression, so that nothing of it is left in the guest. What calling and looking at the clock takes is measured in
# the same way, of a function that does nothing.
_MEASURE = """
lambda function, arguments, repeats, clock, collect: (
    collect(),
    [(lambda begin: (function(*arguments), clock.ticks_diff(clock.ticks_us(), begin))[1])(clock.ticks_us())
     for _ in range(repeats)])[1]
"""
_TIME = f"""
lambda function, arguments, repeats: ({_MEASURE.strip()})(
    eval(function) if isinstance(function, str) else function, arguments, repeats, __import__('time'),
    __import__('gc').collect)
"""


@dataclass(frozen=True)
class Timing:
    """How long each of several calls took, in microseconds, without what the measurement itself takes."""

    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the median in microseconds."""
        return statistics.median(self.samples)

    @property
    def least(self) -> float:
        """Return the shortest time in microseconds."""
        return min(self.samples)

    @property
    def spread(self) -> float:
        """Return the distance of the quartiles in microseconds: half of all samples are that close together."""
        if len(self.samples) < 2:
            return 0.0
        quartiles = statistics.quantiles(self.samples, n=4, method="inclusive")
        return quartiles[2] - quartiles[0]

    def __str__(self) -> str:
        return f"{self.median:,.1f} µs (median of {len(self.samples)}, spread {self.spread:,.1f} µs)"


def timing_of(
    requests: Requests, function: str | GuestObject, arguments: Sequence[Any], repeats: int, timeout: float | None
) -> Timing:
    """Return how long calls of a guest function take. Raises TimingUnavailable where the firmware has no such clock."""
    if not 0 < repeats <= _MOST:
        raise ValueError(f"repeats is from 1 to {_MOST:,}, not {repeats}")

    def measure(what: str | GuestObject, given: Sequence[Any]) -> list[int]:
        return list(requests.run("call", _TIME.strip(), None, [what, tuple(given), repeats], None, timeout=timeout))

    try:
        nothing = statistics.median(measure("lambda *a: None", arguments))
    except GuestException as error:
        if error.type in {"ImportError", "AttributeError"}:
            raise TimingUnavailable(
                f"time cannot be measured: the firmware of {requests.target} has no time.ticks_us ({error.message})"
            ) from None
        raise
    return Timing(tuple(max(0.0, each - nothing) for each in measure(function, arguments)))
