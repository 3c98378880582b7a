"""Measurements over revisions: a table with a sparkline each, and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mpy_harness.reports.drawing import drawing
from mpy_harness.reports.figures import amount, metric, percent, signed
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.table import aligned
from mpy_harness.reports.trends import Point, Series

_BARS = "▁▂▃▄▅▆▇█"
_BREAK = "¦"
_CASE = 56
_POINTS = 40
_PLOTTED = 12
_LABELS = 9  # below each other's plots, as many as have room
_MARKED = 20


def trend_lines(series: Sequence[Series], *, rows: int | None = None) -> list[str]:
    """Return a row for each series: its first and latest value, and of when; ¦ stands where conditions changed."""
    lines = [["case", "target", "metric", "runs", "first", "of", "latest", "of", "change", "", "trend"]]
    for each in series[:rows]:
        first, latest = each.points[0].value, each.points[-1].value
        lines.append(
            [
                shortened(printable(each.measurement.case), _CASE),
                printable(each.measurement.target),
                metric(each.measurement),
                f"{len(each.points):,}",
                amount(first),
                _when(each.points[0]),
                amount(latest),
                _when(each.points[-1]),
                signed(latest - first),
                percent((latest - first) / abs(first) if first else None),
                sparkline(each.points[-_POINTS:]),
            ]
        )
    more = len(series) - len(lines) + 1
    return aligned(lines) + ([f"({more:,} more)"] if more > 0 else [])


def _when(point: Point) -> str:
    return f"{point.day} {printable(point.revision[:7])}" if point.revision else point.day


def sparkline(points: Sequence[Point]) -> str:
    """Return values as bars between the least and the largest of them."""
    values = [point.value for point in points]
    least, most = min(values), max(values)
    bars = []
    for number, point in enumerate(points):
        height = (point.value - least) / (most - least) if most > least else 0.0
        bars.append((_BREAK if number and not point.like else "") + _BARS[round(height * (len(_BARS) - 1))])
    return "".join(bars)


def plot(series: Sequence[Series], file: Path) -> None:
    """Draw series below each other into a file. Raises as ``drawing`` does."""
    shown = series[:_PLOTTED]
    with drawing(file, 9, 2.2 * len(shown)) as figure:
        for number, each in enumerate(shown):
            axes = figure.add_subplot(len(shown), 1, number + 1)
            dense = len(each.points) > _MARKED
            axes.plot([point.value for point in each.points], marker="." if dense else "o", drawstyle="steps-post")
            for at, point in enumerate(each.points):
                if at and not point.like:
                    axes.axvline(at - 0.5, linestyle=":", color="gray")
            name = f"{each.measurement.case} ({each.measurement.target})"
            axes.set_title(printable(name), fontsize=9)
            axes.set_ylabel(metric(each.measurement))
            places = range(0, len(each.points), -(-len(each.points) // _LABELS))
            labels = [_when(each.points[place]).replace(" ", "\n") for place in places]
            axes.set_xticks(places, labels, fontsize=7)
            axes.ticklabel_format(axis="y", useOffset=False)
