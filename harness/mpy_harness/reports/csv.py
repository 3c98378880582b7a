"""All rows of a comparison or a run as CSV (RFC 4180), for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

from mpy_harness.measurements.comparison import Comparison, Row
from mpy_harness.measurements.run import Measurement, Run
from mpy_harness.reports.names import printable
from mpy_harness.reports.verdict import changed

#: What makes spreadsheets take a text for a formula: "CSV Injection" of OWASP.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NAMES = ("target", "case", "metric", "unit", "better")
_PLACE = ("file", "line")


def comparison_csv(comparison: Comparison) -> str:
    """Return all rows, changed ones first; numbers are exact, and empty where a side is missing."""
    rest = [row for row in comparison.rows if row.verdict == "same"]
    rows = (
        [
            row.verdict,
            *_texts(row.measurement),
            row.base.value if row.base else "",
            row.head.value if row.head else "",
            "" if row.delta is None else row.delta,
            "" if row.share is None else 100 * row.share,
            cell(row.within),
            _parts(row),
            cell(row.measurement.file),
            row.measurement.line or "",
        ]
        for row in [*changed(comparison), *rest]
    )
    return _written(("verdict", *_NAMES, "base", "head", "change", "percent", "within", "parts", *_PLACE), rows)


def run_csv(run: Run) -> str:
    """Return all measurements of a run."""
    rows = ([*_texts(each), each.value, cell(each.file), each.line or ""] for each in run.measurements)
    return _written((*_NAMES, "value", *_PLACE), rows)


def cell(text: str) -> str:
    """Return a text as one that no spreadsheet takes for a formula: an apostrophe goes before what looks like one."""
    shown = printable(text) if text else ""
    first = unicodedata.normalize("NFKC", shown.lstrip(" '\"\u00a0"))[:1]
    return f"'{shown}" if first in _FORMULA and first else shown


def _texts(measurement: Measurement) -> list[str]:
    return [cell(getattr(measurement, name)) for name in _NAMES]


def _parts(row: Row) -> str:
    moved = sorted((part for part in row.parts if part.delta), key=lambda part: -abs(part.delta))
    return cell("; ".join(f"{part.module}:{part.name} {part.delta:+}" for part in moved[:20]))


def _written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
