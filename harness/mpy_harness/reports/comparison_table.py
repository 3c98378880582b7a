"""A comparison on the terminal: the headline, what explains it, and one row for each change."""

from __future__ import annotations

from mpy_harness.baselines.comparison import Comparison, PartChange, Row
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.terminal import aligned
from mpy_harness.reports.verdict import (
    VERDICTS,
    amount,
    changed,
    contributors,
    culprits,
    headline,
    metric,
    percent,
    signed,
)
from mpy_harness.reports.verdict import tolerated as within_thresholds

_ROWS = 24
_CASE = 56
_NAME = 40
_GREW = 6
_LINE = 150


def comparison_lines(comparison: Comparison, detailed: bool = False) -> list[str]:
    """Return a comparison as lines; ``detailed`` shows all changes, their parts and what thresholds let pass."""
    lines = [headline(comparison)]
    lines += [f"alert: {printable(alert)}" for alert in comparison.alerts]
    lines += [f"different: {printable(reason)}" for reason in comparison.reasons]
    grew = culprits(comparison)
    lines += [f"grew: {shortened(str(each), _LINE)}" for each in grew[:_GREW]]
    if len(grew) > _GREW:
        lines.append(f"grew: {len(grew) - _GREW:,} more")
    rows = changed(comparison) + (within_thresholds(comparison) if detailed else [])
    shown = rows if detailed else rows[:_ROWS]
    if shown:
        lines += ["", *_table(shown, detailed)]
    if len(shown) < len(rows):
        lines.append(f"({len(rows) - len(shown):,} more)")
    return lines


def _table(rows: list[Row], detailed: bool) -> list[str]:
    cells = [["", "case", "target", "metric", "base", "head", "change", ""]]
    cells += [_cells(row) for row in rows]
    table = aligned(cells)
    lines = table[:1]
    for row, line in zip(rows, table[1:], strict=True):
        lines.append(line)
        parts = contributors(row, len(row.parts)) if detailed else []
        lines += [f"    {text}" for text in aligned([_part(part) for part in parts])] if parts else []
    return lines


def _cells(row: Row) -> list[str]:
    measured = row.measurement
    verdict = "unlike" if row.verdict == "unlike" else VERDICTS[row.verdict]
    return [
        verdict if row.verdict != "same" else f"within {row.within}".strip(),
        shortened(printable(measured.case), _CASE),
        shortened(printable(measured.target), _NAME),
        shortened(metric(measured), _NAME),
        amount(row.base.value if row.base else None),
        amount(row.head.value if row.head else None),
        signed(row.delta),
        percent(row.share),
    ]


def _part(part: PartChange) -> list[str]:
    module = f"({shortened(printable(part.module), _NAME)})" if part.module else ""
    return [signed(part.delta), f"{shortened(printable(part.name), _NAME)} {module}".strip()]
