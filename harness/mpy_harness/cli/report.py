"""Write what a run measured, or how it differs from another one, in each form that somebody reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.counting.profile import Profile
from mpy_harness.errors import MachineryError, MeasurementsInvalid, ProfileInvalid
from mpy_harness.github.artifacts import BASE, HEAD
from mpy_harness.github.job import add_summary
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.history import MAGIC, History
from mpy_harness.measurements.run import Run, read_run
from mpy_harness.measurements.sources import Places, load_run
from mpy_harness.reports.annotations import annotation_lines
from mpy_harness.reports.benchmarks import bencher, benchmark_action
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.csv import comparison_csv, run_csv
from mpy_harness.reports.html import html_page
from mpy_harness.reports.markdown import COMMENT_BYTES, SUMMARY_BYTES, comparison_markdown, run_markdown
from mpy_harness.reports.page import FLAMES, Content
from mpy_harness.reports.verdict import plural
from mpy_harness.sizes.elf import read_elf
from mpy_harness.sizes.tree import SizeTree

_MAX_PROFILE_BYTES = 64 << 20


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


@dataclass(frozen=True)
class Sources:
    """What to report of, a run and its base as ``mpy-harness compare`` takes them, and what goes with it on the page.

    A folder that CI wrote, with ``head.json`` and perhaps ``base.json``, is both.
    """

    run: str
    base: str | None = None
    history: Sequence[Path] = ()
    profiles: Sequence[Path] = ()
    images: Sequence[Path] = ()


def report(sources: Sources, wanted: Wanted) -> None:
    """Write the reports that are wanted and say where; without any, print the comparison."""
    head, comparison = _loaded(sources)
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
        yield wanted.html, html_page(_content(sources, head, comparison))
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


def _loaded(sources: Sources) -> tuple[Run, Comparison | None]:
    configuration = read_configuration(Path())
    places = Places(configuration.folder, configuration.baselines)
    folder = Path(sources.run)
    both = (folder / HEAD).is_file()
    head = read_run(folder / HEAD) if both else load_run(sources.run, places)
    if sources.base is not None:
        base = load_run(sources.base, places)
    elif both and (folder / BASE).is_file():
        base = read_run(folder / BASE)
    else:
        return head, None
    return head, compare(base, head, configuration.rules())


def _markdown(head: Run, comparison: Comparison | None, limit: int) -> str:
    return comparison_markdown(comparison, limit=limit) if comparison else run_markdown(head, limit=limit)


def _content(sources: Sources, head: Run, comparison: Comparison | None) -> Content:
    return Content(
        head,
        comparison,
        list(_history(sources.history)),
        dict(_trees(sources.images)),
        [_profile(path) for path in sources.profiles[:FLAMES]],
    )


def _history(paths: Iterable[Path]) -> Iterator[Run]:
    for path in paths:
        if path.is_file() and _begins(path, MAGIC):
            yield from History(path).runs()
        else:
            for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
                yield read_run(file)


def _begins(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError as error:
        raise MeasurementsInvalid(f"{path} cannot be read: {error.strerror}") from error


def _trees(images: Iterable[Path]) -> Iterable[tuple[str, SizeTree]]:
    for path in images:
        sizes = read_elf(path)
        yield f"Flash of {path.name}", sizes.flash
        yield f"RAM of {path.name}", sizes.ram


def _profile(path: Path) -> Profile:
    try:
        size = path.stat().st_size
        text = path.read_bytes() if size <= _MAX_PROFILE_BYTES else b""
    except OSError as error:
        raise ProfileInvalid(f"{path} cannot be read: {error.strerror}.") from error
    if size > _MAX_PROFILE_BYTES:
        raise ProfileInvalid(f"{path} is larger than {_MAX_PROFILE_BYTES >> 20} MiB; no profile is.")
    try:
        return Profile.from_json(text)
    except ProfileInvalid as error:
        raise ProfileInvalid(f"{path}: {error}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise MachineryError(f"{path} cannot be written: {error.strerror}. Name another file.") from error
