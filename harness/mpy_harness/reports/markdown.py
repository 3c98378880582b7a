"""Markdown for GitHub: a pull request's comment and a job's summary, of a comparison or of one run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from mpy_harness.measurements.comparison import Comparison, Row
from mpy_harness.measurements.run import Measurement, Run
from mpy_harness.reports.gfm import Section, code, figure, fitted, prose
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.verdict import (
    VERDICTS,
    amount,
    changed,
    contributors,
    culprits,
    headline,
    percent,
    plural,
    signed,
)
from mpy_harness.reports.verdict import tolerated as within_thresholds

#: GitHub refuses comments of more than 65 536 characters; counted here in bytes, which are never fewer.
COMMENT_BYTES = 65_536
#: GitHub drops larger summaries of a step whole: "Adding a job summary" in "Workflow commands for GitHub Actions".
#: 1 MiB in all; a little is left for what else the step says.
SUMMARY_BYTES = (1 << 20) - 4096
_SENTENCES = 12
_TARGETS = 8
_PARTS = 3
_GREW = 5
_WORST, _OPEN = "worse", 20  # rows that are not folded


def comparison_markdown(comparison: Comparison, *, footer: str = "", limit: int = SUMMARY_BYTES) -> str:
    """Return a comparison as Markdown: the verdict, alerts, reasons, worse rows; other changes are folded.

    ``footer`` is Markdown that is trusted, ``limit`` is in bytes.
    """
    rows = changed(comparison)
    targets = {row.measurement.target for row in comparison.rows}
    intro = [
        f"### {'❌' if comparison.regressed else '✅'} {headline(comparison)}",
        f"{_revisions(comparison)}{_on(targets)}.",
        *_listed("Alerts", comparison.alerts),
        *_grew(comparison),
        *_listed("Different around the measurements", comparison.reasons),
    ]
    shown = [(title, [row for row in rows if row.verdict == verdict]) for verdict, title in VERDICTS.items()]
    shown.append(("changed within thresholds", within_thresholds(comparison)))
    columns = [*_named(targets), "base", "head", "change", "%"]
    worse = shown[0][1]
    shown[0:1] = [(_WORST, worse[:_OPEN]), ("more that got worse", worse[_OPEN:])]
    sections = [_section(title, columns, members, len(targets) > 1) for title, members in shown if members]
    return fitted(intro, sections, [*_conditions(comparison.head), *([footer] if footer else [])], limit)


def run_markdown(run: Run, *, footer: str = "", limit: int = SUMMARY_BYTES) -> str:
    """Return the measurements of one run as Markdown, a folded table for each metric; ``limit`` is in bytes."""
    targets = {measurement.target for measurement in run.measurements}
    metrics: dict[tuple[str, str], list[Measurement]] = {}
    for measurement in run.measurements:
        metrics.setdefault((measurement.metric, measurement.unit), []).append(measurement)
    columns = [*_named(targets), "value"]
    sections = [
        Section(
            f"{len(members):,} × <code>{escape(shortened(printable(name), 40))}</code>",
            columns,
            [[*_cells(each, len(targets) > 1), amount(each.value)] for each in members],
            folded=len(metrics) > 1,
        )
        for (name, _), members in sorted(metrics.items())
    ]
    intro = [
        f"### {plural(len(run.measurements), 'measurement')}",
        f"{_revision(run) if run.revision else 'Measured'}{_on(targets)}.",
    ]
    return fitted(intro, sections, [*_conditions(run), *([footer] if footer else [])], limit)


def _section(title: str, columns: Sequence[str], rows: Sequence[Row], targets: bool) -> Section:
    grew = any(contributors(row, 1) for row in rows)
    cells = [
        [
            *_cells(row.measurement, targets),
            amount(row.base.value if row.base else None),
            amount(row.head.value if row.head else None),
            figure(signed(row.delta)),
            figure(percent(row.share)),
            *([_parts(row)] if grew else []),
        ]
        for row in rows
    ]
    return Section(f"{len(rows):,} {title}", [*columns, *(["where"] if grew else [])], cells, folded=title != _WORST)


def _named(targets: set[str]) -> list[str]:
    return ["case", *(["target"] if len(targets) > 1 else []), "metric"]


def _cells(measurement: Measurement, targets: bool) -> list[str]:
    where = [code(measurement.target, 40)] if targets else []
    unit = f" {code(measurement.unit)}" if measurement.unit.lower() not in {"", measurement.metric.lower()} else ""
    return [code(measurement.case), *where, code(measurement.metric, 40) + unit]


def _parts(row: Row) -> str:
    parts = contributors(row, _PARTS)
    return ", ".join(f"{code(part.name, 60)} {figure(signed(part.delta))}" for part in parts)


def _listed(title: str, sentences: Sequence[str]) -> list[str]:
    lines = [f"- {prose(sentence)}" for sentence in sentences[:_SENTENCES]]
    if len(sentences) > _SENTENCES:
        lines.append(f"- {len(sentences) - _SENTENCES:,} more")
    return [f"**{title}**", "\n".join(lines)] if lines else []


def _grew(comparison: Comparison) -> list[str]:
    found = culprits(comparison)
    lines = [
        f"- {code(each.name, 60)}{f' of {code(each.module, 40)}' if each.module else ''}: {prose(each.change)}"
        f"{f', in {each.rows:,} measurements' if each.rows > 1 else ''}"
        for each in found[:_GREW]
    ]
    if len(found) > _GREW:
        lines.append(f"- {len(found) - _GREW:,} more")
    return ["**What grew**", "\n".join(lines)] if lines else []


def _revisions(comparison: Comparison) -> str:
    if not comparison.head.revision and not comparison.base.revision:
        return "Compared"
    return f"{_revision(comparison.head)} compared with {_revision(comparison.base)}"


def _revision(run: Run) -> str:
    if not run.revision:
        return "a run of no known revision"
    return code(run.revision[:10]) + (" with changes" if run.changed else "")


def _on(targets: Iterable[str]) -> str:
    shown = sorted(targets)
    more = f" and {len(shown) - _TARGETS:,} more" if len(shown) > _TARGETS else ""
    return f" on {', '.join(code(target, 40) for target in shown[:_TARGETS])}{more}" if shown else ""


def _conditions(run: Run) -> list[str]:
    rows = [
        [
            code(target, 40),
            *(code(text, 60) if text else "" for text in (facts.micropython, facts.emulator, facts.toolchain)),
            code(facts.firmware[:12]),
        ]
        for target, facts in sorted(run.provenance.items())[:_TARGETS]
    ]
    if not rows:
        return []
    lines = ["| target | MicroPython | emulator | toolchain | firmware |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return ["<details><summary>how it was measured</summary>\n\n" + "\n".join(lines) + "\n\n</details>"]
