"""Workflow commands of GitHub Actions that put what got worse on the lines of the tests.

Form and escapes: "Workflow commands for GitHub Actions" in GitHub's documentation, and ``packages/core/src/command.ts``
of github.com/actions/toolkit. A step shows ten errors and ten warnings, further ones are dropped without a word.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from mpy_harness.measurements.comparison import Comparison, Row
from mpy_harness.reports.causes import causes, of_causes
from mpy_harness.reports.figures import amount, metric, percent, plural, signed
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.verdict import advice, changed, counts

MOST = 10
_ALERTS = 3
_NAME = 200
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def annotation_lines(comparison: Comparison) -> list[str]:
    """Return at most MOST ``::error`` lines, alerts and the worst first; the last one counts those left out.

    A cause is one line, on the test in which it did most. What cannot be judged is a ``::warning``.
    """
    known = causes(comparison)
    *explained, others = of_causes(known, [row for row in changed(comparison) if row.verdict == "worse"])
    # A module's size has no place: a test that shows the same cause has one.
    placed = [sorted(rows, key=lambda row: not row.measurement.line) for rows in explained]
    worse = [(rows[0], cause.text()) for rows, cause in zip(placed, known, strict=True) if rows]
    worse += [(row, "") for row in others]
    total = len(comparison.alerts) + len(worse)
    alerts = comparison.alerts[: max(_ALERTS, MOST - len(worse))]  # they leave room for what has a line
    lines = [_command("error", alert, title="mpy-harness") for alert in alerts]
    lines += [_of_row(*each) for each in worse[:MOST]]
    if total > MOST:
        more = f"{plural(total - MOST + 1, 'more regression')}: see the summary"
        lines[MOST - 1 :] = [_command("error", more, title="mpy-harness")]
    if comparison.outcome == "inconclusive":
        said = " ".join(filter(None, (advice(comparison), comparison.renewal if comparison.outdated else "")))
        lines.append(_command("warning", f"{counts(comparison)}\n{said}".strip(), title="mpy-harness"))
    return lines


def _of_row(row: Row, cause: str) -> str:
    measured = row.measurement
    unit = "" if measured.unit.lower() in {"", measured.metric.lower()} else f" {measured.unit}"
    assert row.base is not None  # noqa: S101 - what is worse is so compared with something
    change = " ".join(filter(None, (signed(row.delta) + unit, f"({percent(row.share)})" if percent(row.share) else "")))
    text = f"{measured.case} on {measured.target}: {change}, was {amount(row.base.value)}, is {amount(measured.value)}"
    lines = [cause, text] if cause else [text]
    place = {"file": measured.file, "line": str(measured.line)} if measured.line and _inside(measured.file) else {}
    return _command("error", "\n".join(lines), **place, title=f"{metric(measured)} got worse")


def _command(name: str, message: str, **properties: str) -> str:
    text = "\n".join(shortened(printable(line), _NAME) for line in message.split("\n"))
    facts = ",".join(
        f"{key}={(value if key == 'file' else shortened(printable(value), _NAME)).translate(_PROPERTY)}"
        for key, value in properties.items()
    )
    return f"::{name} {facts}::{text.translate(_DATA)}"


def _inside(file: str) -> bool:
    path = PurePosixPath(file)
    return file != "" and not path.is_absolute() and ".." not in path.parts
