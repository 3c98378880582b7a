"""A comparison on the terminal: the headline, what explains it, and one row for each change."""

from __future__ import annotations

from collections import Counter

from mpy_harness.measurements.comparison import Comparison, PartChange, Row
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.table import aligned
from mpy_harness.reports.verdict import (
    VERDICTS,
    amount,
    changed,
    contributors,
    headline,
    metric,
    percent,
    plural,
    signed,
)
from mpy_harness.reports.verdict import tolerated as within_thresholds

_ROWS = 24
_CASE = 56
_NAME = 40
_PARTS = 3
_Cause = tuple[str, str, str, str, str]


def comparison_lines(comparison: Comparison, detailed: bool = False) -> list[str]:
    """Return a comparison as lines; ``detailed`` shows all changes, all their parts and what thresholds let pass."""
    lines = [headline(comparison)]
    lines += [f"alert: {printable(alert)}" for alert in comparison.alerts]
    lines += [f"different: {printable(reason)}" for reason in comparison.reasons]
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
    causes = Counter(_cause(row) for row in rows)
    said: set[_Cause | None] = {None}
    lines = table[:1]
    for row, line in zip(rows, table[1:], strict=True):
        lines.append(line)
        if detailed:
            lines += _parts(contributors(row, len(row.parts)))
        elif (cause := _cause(row)) not in said:
            said.add(cause)
            lines += _parts(contributors(row, _PARTS), causes[cause] - 1)
    return lines


def _cause(row: Row) -> _Cause | None:
    # Rows with the same cause would repeat the same lines.
    parts = contributors(row, 1)
    measured = row.measurement
    return (row.verdict, measured.target, measured.metric, parts[0].module, parts[0].name) if parts else None


def _parts(parts: list[PartChange], others: int = 0) -> list[str]:
    if not parts:
        return []
    lines = [f"    {line}" for line in aligned([_part(part) for part in parts])]
    return [*lines, f"    and in {plural(others, 'row')} below"] if others else lines


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
