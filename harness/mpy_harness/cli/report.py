"""The command ``report``: what a run measured, or how it differs from another one, in each form somebody reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.report_sources import Sources
from mpy_harness.errors import MachineryError
from mpy_harness.github.job import add_summary
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.run import Run
from mpy_harness.reports.annotations import annotation_lines
from mpy_harness.reports.benchmarks import bencher, benchmark_action
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.csv import comparison_csv, run_csv
from mpy_harness.reports.figures import plural
from mpy_harness.reports.html import html_page
from mpy_harness.reports.markdown import COMMENT_BYTES, SUMMARY_BYTES, comparison_markdown, run_markdown


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="What was measured, as for compare.")],
    *,
    base: Annotated[str | None, typer.Option("--base", help="What to compare with, as for compare.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Page with everything.", dir_okay=False)] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Text for a comment.", dir_okay=False)] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="All rows.", dir_okay=False)] = None,
    benchmark: Annotated[
        Path | None, typer.Option("--benchmark-json", help="For github-action-benchmark.", dir_okay=False)
    ] = None,
    bencher: Annotated[Path | None, typer.Option("--bencher-json", help="For Bencher.", dir_okay=False)] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Add to the summary of a GitHub job.")] = False,
    annotations: Annotated[bool, typer.Option("--annotations", help="Annotate lines of tests on GitHub.")] = False,
    history: Annotated[
        list[Path] | None, typer.Option("--history", help="A history, or earlier runs, for trends.", exists=True)
    ] = None,
    profiles: Annotated[
        list[Path] | None, typer.Option("--profile", help="profile.json for a flame graph.", exists=True)
    ] = None,
    images: Annotated[
        list[Path] | None, typer.Option("--elf", help="Firmware image for treemaps.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Write what a run measured, or how it differs from another one, for people and for other tools."""
    wanted = Wanted(html, markdown, csv, benchmark, bencher, summary, annotations)
    report(Sources(run, base, history or (), profiles or (), images or ()), wanted)


@dataclass(frozen=True)
class Wanted:
    """Which reports to write where; ``summary`` and ``annotations`` are those of a job of GitHub Actions."""

    html: Path | None = None
    markdown: Path | None = None
    csv: Path | None = None
    benchmark: Path | None = None
    bencher: Path | None = None
    summary: bool = False
    annotations: bool = False


def report(sources: Sources, wanted: Wanted) -> None:
    """Write the reports that are wanted and say where; without any, print the comparison."""
    head, comparison = sources.load()
    for path, text in _files(sources, wanted, head, comparison):
        _write(path, text)
        print(path)
    if wanted.summary:
        markdown = _markdown(head, comparison, SUMMARY_BYTES)
        if os.environ.get("GITHUB_STEP_SUMMARY"):
            add_summary(os.environ, markdown)
        else:
            print(markdown)
    if wanted.annotations and comparison:
        print("".join(f"{line}\n" for line in annotation_lines(comparison)), end="")
    if wanted == Wanted():
        measured = plural(len(head.measurements), "measurement")
        print("\n".join(comparison_lines(comparison)) if comparison else f"{measured}; --help lists the reports")


def _files(sources: Sources, wanted: Wanted, head: Run, comparison: Comparison | None) -> Iterator[tuple[Path, str]]:
    if wanted.html:
        yield wanted.html, html_page(sources.content(head, comparison))
    if wanted.markdown:
        yield wanted.markdown, _markdown(head, comparison, COMMENT_BYTES)
    if wanted.csv:
        yield wanted.csv, comparison_csv(comparison) if comparison else run_csv(head)
    if wanted.benchmark:
        # One direction for a file: figures of which higher is better go to one of their own, if there are any.
        higher = wanted.benchmark.with_name(f"{wanted.benchmark.stem}-bigger{wanted.benchmark.suffix}")
        for path, text in (
            (wanted.benchmark, benchmark_action(head, "lower")),
            (higher, benchmark_action(head, "higher")),
        ):
            if text is not None:
                yield path, text
    if wanted.bencher:
        yield wanted.bencher, bencher(head)


def _markdown(head: Run, comparison: Comparison | None, limit: int) -> str:
    return comparison_markdown(comparison, limit=limit) if comparison else run_markdown(head, limit=limit)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise MachineryError(f"{path} cannot be written: {error.strerror}. Name another file.") from error
