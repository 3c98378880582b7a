"""Markdown for GitHub: a pull request's comment and a job's summary, of a comparison or of one run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from mpy_harness.measurements.comparison import Comparison, Row
from mpy_harness.measurements.run import Measurement, Run
from mpy_harness.reports.causes import OF_ONE_CAUSE, Cause, Style, causes, contributions, of_causes
from mpy_harness.reports.figures import amount, percent, plural, signed
from mpy_harness.reports.gfm import Section, code, figure, fitted, prose
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.verdict import SIGNS, VERDICTS, advice, changed, counts, headline
from mpy_harness.reports.verdict import tolerated as within_thresholds

#: GitHub refuses comments of more than 65 536 characters; counted here in bytes, which are never fewer.
COMMENT_BYTES = 65_536
#: GitHub drops larger summaries of a step whole: "Adding a job summary" in "Workflow commands for GitHub Actions".
#: 1 MiB in all; a little is left for what else the step says.
SUMMARY_BYTES = (1 << 20) - 4096
_SENTENCES = 12
_TARGETS = 8
_PARTS = 3
_CAUSES = 12
_STYLE = Style(lambda name: code(name, 60), lambda unit: prose(unit, 40))
_WORST, _OPEN = "worse", 20  # rows that are not folded


def comparison_markdown(comparison: Comparison, *, footer: str = "", limit: int = SUMMARY_BYTES) -> str:
    """Return a comparison as Markdown: the verdict with its causes, alerts, reasons; the rows of a cause are folded.

    ``footer`` is Markdown that is trusted, ``limit`` is in bytes.
    """
    rows = changed(comparison)
    known = causes(comparison)
    targets = {row.measurement.target for row in comparison.rows}
    where = f"{_revisions(comparison)}{_on(targets)}."
    intro = [
        f"### {SIGNS[comparison.outcome]} {headline(comparison, _STYLE)}",
        f"{counts(comparison)}. {where}" if known else where,
        *_ranked(known),
        *_listed("Alerts", comparison.alerts),
        *_outdated(comparison),
        *_failed(comparison.head),
        *_listed("Different around the measurements", comparison.reasons),
    ]
    columns = [*_named(targets), "base", "head", "change", "%"]
    *explained, others = of_causes(known, [row for row in rows if row.verdict == "worse"])
    opened = [*(row for members in explained for row in members[:OF_ONE_CAUSE]), *others]
    folded = [*opened[_OPEN:], *(row for members in explained for row in members[OF_ONE_CAUSE:])]
    shown = [(_WORST, opened[:_OPEN]), ("more that got worse", folded)]
    shown += [(title, [row for row in rows if row.verdict == verdict]) for verdict, title in VERDICTS.items()][1:]
    shown.append(("changed within thresholds", within_thresholds(comparison)))
    sections = [_section(title, columns, members, len(targets) > 1) for title, members in shown if members]
    return fitted(intro, sections, [*_conditions(comparison.head), *([footer] if footer else [])], limit)


def run_markdown(run: Run, *, note: str = "", footer: str = "", limit: int = SUMMARY_BYTES) -> str:
    """Return the measurements of one run as Markdown, a folded table for each metric; ``limit`` is in bytes.

    ``note`` is a sentence of ours without its full stop, such as why there is no comparison.
    """
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
    failed = f"{SIGNS['failed']} {plural(len(run.failed), 'test')} failed, " if run.failed else ""
    intro = [
        f"### {failed}{plural(len(run.measurements), 'measurement')}",
        f"{_revision(run) if run.revision else 'Measured'}{_on(targets)}.",
        *([prose(f"{note[0].upper()}{note[1:]}.")] if note else []),
        *_failed(run),
    ]
    return fitted(intro, sections, [*_conditions(run), *([footer] if footer else [])], limit)


def _section(title: str, columns: Sequence[str], rows: Sequence[Row], targets: bool) -> Section:
    grew = any(contributions(row, 1) for row in rows)
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
    parts = contributions(row, _PARTS)
    return ", ".join(f"{code(part.name, 60)} {figure(signed(part.delta))}" for part in parts)


def _listed(title: str, sentences: Sequence[str]) -> list[str]:
    lines = [f"- {prose(sentence)}" for sentence in sentences[:_SENTENCES]]
    if len(sentences) > _SENTENCES:
        lines.append(f"- {len(sentences) - _SENTENCES:,} more")
    return [f"**{title}**", "\n".join(lines)] if lines else []


def _ranked(known: Sequence[Cause]) -> list[str]:
    """Return the causes as a list, where the headline does not name them all."""
    if len(known) < 2:
        return []
    lines = [f"- {each.text(_STYLE)}" for each in known[:_CAUSES]]
    if len(known) > _CAUSES:
        lines.append(f"- {len(known) - _CAUSES:,} more")
    return ["**Causes**, those first that explain most", "\n".join(lines)]


def _outdated(comparison: Comparison) -> list[str]:
    say = advice(comparison)
    return [f"**{say}** {code(comparison.renewal, 300)}"] if say else []


def _failed(run: Run) -> list[str]:
    failed = run.failed
    lines = [
        f"- {code(each.test)}" + (f" on {code(each.target, 40)}" if each.target else "") for each in failed[:_SENTENCES]
    ]
    if len(failed) > _SENTENCES:
        lines.append(f"- {len(failed) - _SENTENCES:,} more")
    return ["**Failed tests**", "\n".join(lines)] if lines else []


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
