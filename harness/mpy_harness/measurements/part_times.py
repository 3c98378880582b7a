"""Estimated times of counted regions on parts, as measurements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mpy_harness.costs.cycles import estimate
from mpy_harness.counting.count import Count
from mpy_harness.measurements.run import Measurement
from mpy_harness.targets import Part

#: Metrics begin so; the name of the part comes after it.
PREFIX = "time/"
_DIGITS = 3  # of microseconds: one cycle of the fastest part is more


def of_parts(counts: Sequence[Count], parts: Iterable[Part], instructions: Measurement) -> Iterator[Measurement]:
    """Return the time in µs on each part that regions take together, whose ``instructions`` are a measurement.

    It is that of the cycle model, without what code waits for memories (docs/parts.md); none where no classes of
    instructions were counted.
    """
    if not counts or not all(count.classes for count in counts):
        return
    total = Count("")
    for count in counts:
        total.add(count)
    for part in parts:
        if part.cycles is not None:
            seconds = estimate({**total.classes, **total.words}, part.cycles).seconds
            yield instructions.model_copy(
                update={"metric": f"{PREFIX}{part.name}", "unit": "µs", "value": round(1e6 * seconds, _DIGITS),
                        "limit": None, "parts": ()}
            )  # fmt: skip
