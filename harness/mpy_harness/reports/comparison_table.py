"""A comparison on the terminal: the headline, what explains it, and one row for each change."""

from __future__ import annotations

from collections.abc import Sequence

from mpy_harness.measurements.comparison import Comparison, PartChange, Row
from mpy_harness.reports.causes import OF_ONE_CAUSE, causes, contributions, of_causes
from mpy_harness.reports.figures import amount, metric, percent, signed
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.table import aligned
from mpy_harness.reports.verdict import VERDICTS, advice, changed, counts, headline
from mpy_harness.reports.verdict import tolerated as within_thresholds

_ROWS = 24
_CAUSES = 12
_FAILED = 12
_CASE = 56
_NAME = 40
_PARTS = 3
_IN_A_WORD = {"missed", "unlike", "unsteady"}


def comparison_lines(comparison: Comparison, detailed: bool = False) -> list[str]:
    """Return a comparison as lines; ``detailed`` shows all changes, all their parts and what thresholds let pass."""
    known = causes(comparison)
    lines = [headline(comparison)]
    lines += [f"cause {number}: {each.text()}" for number, each in enumerate(known[:_CAUSES], 1) if len(known) > 1]
    if known:
        lines.append(counts(comparison))
    lines += [f"alert: {printable(alert)}" for alert in comparison.alerts]
    lines += _few([f"failed: {printable(each.test)} ({printable(each.target)})" for each in comparison.head.failed])
    lines += [f"different: {printable(reason)}" for reason in comparison.reasons]
    if say := advice(comparison):
        lines += [say, f"    {printable(comparison.renewal)}"]
    rows = changed(comparison) + (within_thresholds(comparison) if detailed else [])
    *explained, others = of_causes(known, rows)
    shown = [(members if detailed else members[:OF_ONE_CAUSE], len(members)) for members in explained]
    shown.append((others if detailed else others[:_ROWS], len(others)))
    if any(members for members, _ in shown):
        lines += ["", *_table(shown, detailed)]
    return lines


def _few(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _FAILED
    return [*lines[:_FAILED], f"({more:,} more)"] if more > 0 else list(lines)


def _table(groups: Sequence[tuple[Sequence[Row], int]], detailed: bool) -> list[str]:
    cells = [["", "case", "target", "metric", "base", "head", "change", ""]]
    cells += [_cells(row) for rows, _ in groups for row in rows]
    head, *table = aligned(cells)
    lines = [head]
    written = iter(table)
    said: set[tuple[str, str, str]] = set()
    for rows, total in groups:
        for row, line in zip(rows, written, strict=False):
            lines.append(line)
            parts = contributions(row, len(row.parts) if detailed else _PARTS)
            about = {(row.verdict, part.module, part.name) for part in parts[:1]}
            if detailed or not about <= said:  # rows of one cause would say the same
                lines += _parts(parts)
            said |= about
        if total > len(rows):
            lines.append(f"({total - len(rows):,} more)")
    return lines


def _parts(parts: Sequence[PartChange]) -> list[str]:
    return [f"    {line}" for line in aligned([_part(part) for part in parts])] if parts else []


def _cells(row: Row) -> list[str]:
    measured = row.measurement
    verdict = row.verdict if row.verdict in _IN_A_WORD else VERDICTS[row.verdict]
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
