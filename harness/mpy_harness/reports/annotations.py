"""Workflow commands of GitHub Actions that put what got worse on the lines of the tests.

Form and escapes: "Workflow commands for GitHub Actions" in GitHub's documentation, and ``packages/core/src/command.ts``
of github.com/actions/toolkit. A step shows ten errors and ten warnings, further ones are dropped without a word.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from mpy_harness.measurements.comparison import Comparison, Row
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.verdict import amount, changed, contributors, metric, percent, plural, signed

MOST = 10
_ALERTS = 3
_NAME = 200
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def annotation_lines(comparison: Comparison) -> list[str]:
    """Return at most MOST ``::error`` lines, alerts and the worst first; the last one counts those left out."""
    worse = [row for row in changed(comparison) if row.verdict == "worse"]
    total = len(comparison.alerts) + len(worse)
    alerts = comparison.alerts[: max(_ALERTS, MOST - len(worse))]  # they leave room for what has a line
    errors = [_command(alert, title="mpy-harness") for alert in alerts] + [_of_row(row) for row in worse[:MOST]]
    if total > MOST:
        left_out = total - MOST + 1
        errors[MOST - 1 :] = [_command(f"{plural(left_out, 'more regression')}: see the summary", title="mpy-harness")]
    return errors


def _of_row(row: Row) -> str:
    measured = row.measurement
    unit = "" if measured.unit.lower() in {"", measured.metric.lower()} else f" {measured.unit}"
    assert row.base is not None  # noqa: S101 - what is worse is so compared with something
    change = " ".join(filter(None, (signed(row.delta) + unit, f"({percent(row.share)})" if percent(row.share) else "")))
    text = f"{measured.case} on {measured.target}: {change}, was {amount(row.base.value)}, is {amount(measured.value)}"
    grew = [f"  {signed(part.delta)} {part.name}" for part in contributors(row, 3)]
    lines = [text, *grew]
    place = {"file": measured.file, "line": str(measured.line)} if measured.line and _inside(measured.file) else {}
    return _command("\n".join(lines), **place, title=f"{metric(measured)} got worse")


def _command(message: str, **properties: str) -> str:
    text = "\n".join(shortened(printable(line), _NAME) for line in message.split("\n"))
    facts = ",".join(
        f"{name}={(value if name == 'file' else shortened(printable(value), _NAME)).translate(_PROPERTY)}"
        for name, value in properties.items()
    )
    return f"::error {facts}::{text.translate(_DATA)}"


def _inside(file: str) -> bool:
    path = PurePosixPath(file)
    return file != "" and not path.is_absolute() and ".." not in path.parts
