"""Put the runs of several jobs together: one table for all targets, not one for each."""

from __future__ import annotations

from collections.abc import Iterable

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.github.artifacts import JobResult
from mpy_harness.measurements.run import Run
from mpy_harness.measurements.sources import merged


def merge_results(results: Iterable[JobResult]) -> list[JobResult]:
    """Return the results in as few as can hold their measurements.

    Two are kept apart where they measured a target in two ways, as under two versions of MicroPython, or where only
    one of them has something to be compared with.
    """
    groups: list[JobResult] = []
    for each in results:
        for number, group in enumerate(groups):
            if (both := _both(group, each)) is not None:
                groups[number] = both
                break
        else:
            groups.append(each)
    return groups


def _both(one: JobResult, other: JobResult) -> JobResult | None:
    head = _join(one.head, other.head)
    if head is None or (one.base is None) != (other.base is None):
        return None
    base = _join(one.base, other.base) if one.base and other.base else None
    if one.base and base is None:
        return None
    return JobResult(f"{one.label}, {other.label}", head, base)


def _join(one: Run, other: Run) -> Run | None:
    if (one.revision, one.changed) != (other.revision, other.changed):
        return None
    try:
        return merged({"one": one, "other": other}, "both")
    except MeasurementsInvalid:
        return None
