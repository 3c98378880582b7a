"""Measurements over revisions: a table with a sparkline each, and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mpy_harness.errors import ToolMissing
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.table import aligned
from mpy_harness.reports.trends import Point, Series
from mpy_harness.reports.verdict import amount, metric, percent, signed

_BARS = "▁▂▃▄▅▆▇█"
_BREAK = "¦"
_CASE = 56
_POINTS = 40
_PLOTTED = 12


def trend_lines(series: Sequence[Series], *, rows: int | None = None) -> list[str]:
    """Return a row for each series, with its first and latest value; ¦ stands where conditions changed."""
    lines = [["case", "target", "metric", "runs", "first", "latest", "change", "", "trend"]]
    for each in series[:rows]:
        first, latest = each.points[0].value, each.points[-1].value
        lines.append(
            [
                shortened(printable(each.measurement.case), _CASE),
                printable(each.measurement.target),
                metric(each.measurement),
                f"{len(each.points):,}",
                amount(first),
                amount(latest),
                signed(latest - first),
                percent((latest - first) / abs(first) if first else None),
                sparkline(each.points[-_POINTS:]),
            ]
        )
    more = len(series) - len(lines) + 1
    return aligned(lines) + ([f"({more:,} more)"] if more > 0 else [])


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
    """Draw series below each other into a file, whose suffix says how (.svg, .png, .pdf).

    Raises ToolMissing without matplotlib, ValueError for a suffix that it does not know.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - optional, and slow to import
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise ToolMissing("plots need matplotlib: pip install 'mpy-harness[plots]'") from error
    shown = series[:_PLOTTED]
    with mpl.rc_context({"svg.hashsalt": "mpy-harness", "text.parse_math": False}):
        figure = Figure(figsize=(9, 2.2 * len(shown)), layout="constrained")
        for number, each in enumerate(shown):
            axes = figure.add_subplot(len(shown), 1, number + 1)
            axes.plot([point.value for point in each.points], marker="o", drawstyle="steps-post")
            for at, point in enumerate(each.points):
                if at and not point.like:
                    axes.axvline(at - 0.5, linestyle=":", color="gray")
            name = f"{each.measurement.case} ({each.measurement.target})"
            axes.set_title(printable(name), fontsize=9)
            axes.set_ylabel(metric(each.measurement))
            axes.set_xticks(range(len(each.points)), [point.revision[:7] or point.day for point in each.points])
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
