"""What all reports of a comparison share: the headline, the order of rows, and how figures are written."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

from mpy_harness.measurements.comparison import Comparison, PartChange, Row, Verdict
from mpy_harness.measurements.from_tests import INFINITE
from mpy_harness.measurements.run import Measurement
from mpy_harness.reports.names import printable

#: In the order in which a reader wants them, and what a headline calls them.
VERDICTS: dict[Verdict, str] = {
    "worse": "worse",
    "removed": "removed",
    "unlike": "measured under other conditions",
    "better": "better",
    "added": "added",
    "same": "the same",
}
_SENSELESS = 1e9
_CULPRITS, _LEAST = 3, 0.05
_HEADLINE: tuple[Verdict, ...] = ("better", "same", "added", "removed", "unlike")


def headline(comparison: Comparison) -> str:
    """Return the result in one line, the worst first: "2 measurements got worse, 1 better, 40 the same"."""
    count = {verdict: len(comparison.of(verdict)) for verdict in VERDICTS}
    rest = [f"{count[verdict]:,} {VERDICTS[verdict]}" for verdict in _HEADLINE if count[verdict]]
    return ", ".join([lead(comparison), *rest])


def lead(comparison: Comparison) -> str:
    """Return how the headline begins: alerts, and how many measurements got worse."""
    worse = len(comparison.of("worse"))
    text = f"{plural(worse, 'measurement') if worse else 'no measurement'} got worse"
    if not comparison.rows:
        text = "nothing was measured"
    if comparison.alerts:
        return f"{plural(len(comparison.alerts), 'alert')}; {text}"
    return text[0].upper() + text[1:]


def changed(comparison: Comparison) -> list[Row]:
    """Return the rows that are not the same: worse ones first, and of each kind the largest change first."""
    order = list(VERDICTS)
    rows = [row for row in comparison.rows if row.verdict != "same"]
    return sorted(rows, key=lambda row: (order.index(row.verdict), *_largest_first(row)))


def tolerated(comparison: Comparison) -> list[Row]:
    """Return the rows that changed within a threshold, the largest change first."""
    return sorted((row for row in comparison.of("same") if row.delta), key=_largest_first)


def _largest_first(row: Row) -> tuple[float, float, tuple[str, str, str]]:
    delta = row.delta or 0
    share = row.share if row.share is not None else (inf if delta else 0.0)
    return -abs(share), -abs(delta), row.measurement.key


def contributors(row: Row, most: int) -> list[PartChange]:
    """Return the parts that moved furthest in the direction of the change, or in any if it has none."""
    sign = 1 if not row.delta or row.delta > 0 else -1
    moved = [part for part in row.parts if part.delta and (not row.delta or part.delta * sign > 0)]
    return sorted(moved, key=lambda part: (-abs(part.delta), part.module, part.name))[:most]


@dataclass(frozen=True)
class Culprit:
    """A function or symbol that made measurements worse: by how much at most, in which unit, and how many."""

    module: str
    name: str
    unit: str
    most: int | float
    rows: int

    def __str__(self) -> str:
        of = f" ({printable(self.module)})" if self.module else ""
        times = f", in {self.rows:,} measurements" if self.rows > 1 else ""
        return f"{printable(self.name)}{of}: {self.change}{times}"

    @property
    def change(self) -> str:
        """Return by how much it changed, in words."""
        unit = f" {printable(self.unit)}" if self.unit else ""
        return f"{'up to ' if self.rows > 1 else ''}{signed(self.most)}{unit}"


def culprits(comparison: Comparison) -> list[Culprit]:
    """Return what made measurements worse, first what did so in most of them; small parts of a change are left out."""
    found: dict[tuple[str, str, str], list[int | float]] = {}
    for row in comparison.of("worse"):
        unit = row.measurement.unit or row.measurement.metric
        for part in contributors(row, _CULPRITS):
            if row.delta and abs(part.delta) >= _LEAST * abs(row.delta):
                found.setdefault((part.module, part.name, unit), []).append(part.delta)
    named = [Culprit(*key, max(changes, key=abs), len(changes)) for key, changes in found.items()]
    return sorted(named, key=lambda each: (-each.rows, -abs(each.most), each.module, each.name, each.unit))


def metric(measurement: Measurement) -> str:
    """Return a metric with its unit, where that says more."""
    name, unit = printable(measurement.metric), measurement.unit
    return name if unit.lower() in {"", measurement.metric.lower()} else f"{name} [{printable(unit)}]"


def amount(value: float | None) -> str:
    """Return a value: whole numbers to the last digit, others to five; nothing for None."""
    if value is None:
        return ""
    sign = "-" if value < 0 else ""
    return f"{value:,}" if isinstance(value, int) else sign + _short(abs(value))


def signed(delta: float | None) -> str:
    """Return a difference with its sign; nothing for None."""
    if delta is None or not delta:
        return "" if delta is None else "0"
    return ("+" if delta > 0 else "-") + amount(abs(delta))


def percent(share: float | None) -> str:
    """Return a change as percents, with two digits where it is small; nothing where it says nothing."""
    if share is None or not isfinite(share) or not share or abs(share) >= _SENSELESS:
        return ""
    if abs(share) >= 100:
        return f"×{_short(share + 1)}" if share > 0 else "-" + _short(100 * abs(share)) + "%"
    size = 100 * abs(share)
    if size < 0.01:
        return "<0.01%" if share > 0 else ">-0.01%"
    return f"{'+' if share > 0 else '-'}{size:,.1f}%" if size >= 1 else f"{100 * share:+.2f}%"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _short(value: float) -> str:
    return "∞" if value >= INFINITE else f"{value:,.5g}"
