"""What all reports of a comparison share: the verdict with its sign, the headline, the order of rows."""

from __future__ import annotations

from math import inf

from mpy_harness.measurements.comparison import Comparison, Outcome, Row, Verdict
from mpy_harness.reports.causes import PLAIN, Style, causes, unexplained
from mpy_harness.reports.figures import plural

#: In the order in which a reader wants them, and what a headline calls them.
VERDICTS: dict[Verdict, str] = {
    "worse": "worse",
    "removed": "removed",
    "missed": "not measured, because a test failed",
    "unlike": "measured under other conditions",
    "unsteady": "not judged (clock or random numbers)",
    "better": "better",
    "added": "added",
    "same": "the same",
}
#: The sign of each outcome. What cannot be judged has one of its own: it is no success.
SIGNS: dict[Outcome, str] = {"regressed": "❌", "failed": "❌", "inconclusive": "⚠️", "passed": "✅"}
_HEADLINE: tuple[Verdict, ...] = ("better", "same", "added", "removed", "missed", "unlike", "unsteady")


def headline(comparison: Comparison, style: Style = PLAIN) -> str:
    """Return the result in one line: by name what made measurements worse, or else how many did what.

    "filter_run (iir): +6 instructions a sample, 60 cases, and 2 more causes". ``style`` writes names.
    """
    known = causes(comparison)
    if not known:
        return counts(comparison)
    parts = [known[0].text(style)]
    if len(known) > 1:
        parts.append(f"and {plural(len(known) - 1, 'more cause')}")
    if rest := len(unexplained(comparison, known)):
        parts.append(f"{plural(rest, 'more measurement')} got worse")
    return _alerts(comparison) + ", ".join([*parts, *_failures(comparison)])


def counts(comparison: Comparison) -> str:
    """Return how many measurements did what, the worst first: "2 measurements got worse, 1 better, 40 the same"."""
    count = {verdict: len(comparison.of(verdict)) for verdict in VERDICTS}
    lead = _failures(comparison)
    if not comparison.rows:
        lead.append("nothing was measured")
    elif count["worse"]:
        lead.insert(0, f"{plural(count['worse'], 'measurement')} got worse")
    elif comparison.outcome == "inconclusive" and (unlike := count.pop("unlike")):
        lead.append(f"{plural(unlike, 'measurement')} changed under other conditions and cannot be judged")
    else:
        lead.append("nothing could be compared" if comparison.outcome == "inconclusive" else "no measurement got worse")
    rest = [f"{count[verdict]:,} {VERDICTS[verdict]}" for verdict in _HEADLINE if count.get(verdict)]
    text = _alerts(comparison) + ", ".join([*lead, *rest])
    return text[0].upper() + text[1:]


def advice(comparison: Comparison) -> str:
    """Return what to do about a baseline that is out of date, "" for any other one; without the command for that."""
    if not comparison.outdated:
        return ""
    return "The baseline is out of date: what it was made with is no more. Where it is checked, make it anew:"


def changed(comparison: Comparison) -> list[Row]:
    """Return the rows that are not the same: worse ones first, and of each kind the largest change first."""
    order = list(VERDICTS)
    rows = [row for row in comparison.rows if row.verdict != "same"]
    return sorted(rows, key=lambda row: (order.index(row.verdict), *_largest_first(row)))


def tolerated(comparison: Comparison) -> list[Row]:
    """Return the rows that changed within a threshold, the largest change first."""
    return sorted((row for row in comparison.of("same") if row.delta), key=_largest_first)


def _alerts(comparison: Comparison) -> str:
    return f"{plural(len(comparison.alerts), 'alert')}; " if comparison.alerts else ""


def _failures(comparison: Comparison) -> list[str]:
    failed = len(comparison.head.failed)
    return [f"{plural(failed, 'test')} failed"] if failed else []


def _largest_first(row: Row) -> tuple[float, float, tuple[str, str, str]]:
    delta = row.delta or 0
    share = row.share if row.share is not None else (inf if delta else 0.0)
    return -abs(share), -abs(delta), row.measurement.key
