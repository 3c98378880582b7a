"""Measurements over revisions, as series to draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mpy_harness.measurements.run import Measurement, Run


@dataclass(frozen=True)
class Point:
    """A value and the revision it was measured at; ``like`` is False where conditions differ from the point before."""

    revision: str
    day: str
    value: int | float
    like: bool = True


@dataclass(frozen=True)
class Series:
    """A measurement over revisions, the oldest first; ``measurement`` is the latest."""

    measurement: Measurement
    points: Sequence[Point]

    @property
    def moved(self) -> float:
        """Return how far its values lie apart, as a share of the largest; 0 if all are the same."""
        values = [point.value for point in self.points]
        most = max(abs(value) for value in values)
        return (max(values) - min(values)) / most if most else 0.0


def trends(runs: Iterable[Run]) -> list[Series]:
    """Return a series for each measurement that two runs or more have, those that moved furthest first.

    Runs of the same moment are one that was given twice.
    """
    points: dict[tuple[str, str, str], list[Point]] = {}
    latest: dict[tuple[str, str, str], Measurement] = {}
    conditions: dict[tuple[str, str, str], object] = {}
    seen: set[tuple[object, ...]] = set()
    for run in sorted(runs, key=lambda each: each.created):
        for measurement in run.measurements:
            key = measurement.key
            if (run.created, *key) in seen:
                continue
            seen.add((run.created, *key))
            facts = run.provenance.get(measurement.target)
            like = key not in conditions or conditions[key] == facts
            points.setdefault(key, []).append(Point(run.revision, f"{run.created:%Y-%m-%d}", measurement.value, like))
            latest[key], conditions[key] = measurement, facts
    series = [Series(latest[key], members) for key, members in points.items() if len(members) > 1]
    return sorted(series, key=lambda each: (-each.moved, each.measurement.key))
