"""Find the commit that made a figure worse, by measuring as few as can be."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import JobMisconfigured
from mpy_harness.firmware.git import git
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.run import Run
from mpy_harness.measurements.thresholds import Rules, fits, matches
from mpy_harness.revisions.checkout import named_commit, output_of
from mpy_harness.revisions.suite import Suite


@dataclass(frozen=True)
class Search:
    """Which figures of which tests: those whose case and metric match the globs, judged by ``rules``.

    ``tell`` gets a line for each commit that is measured.
    """

    suite: Suite
    case: str
    metric: str
    rules: Rules
    tell: Callable[[str], None]


@dataclass(frozen=True)
class Culprit:
    """The commit that made it worse, compared with the last one before it that was measured.

    ``skipped`` are commits in between at which the figures could not be measured: it may be one of those.
    """

    commit: str
    subject: str
    comparison: Comparison
    skipped: Sequence[str] = ()


def find(search: Search, good: str, bad: str) -> Culprit:
    """Return the first commit after ``good``, up to ``bad``, at which a figure is worse than at ``good``.

    Raises JobMisconfigured where there is no such commit: figures that are not there, or not worse.
    """
    folder = search.suite.folder
    start, end = named_commit(folder, good), named_commit(folder, bad)
    if git(folder, "merge-base", "--is-ancestor", start, end).status != 0:
        raise JobMisconfigured(f"{good} is not an earlier commit of the same history as {bad}. Which order is meant?")
    first, last = _measure(search, start), _measure(search, end)
    for revision, run in ((good, first), (bad, last)):
        if run is None:
            raise JobMisconfigured(f"at {revision} nothing was measured that --case and --metric match.")
    assert first is not None  # noqa: S101 - just checked
    assert last is not None  # noqa: S101
    if not compare(first, last, search.rules).of("worse"):
        raise JobMisconfigured(f"nothing that --case and --metric match is worse at {bad} than at {good}.")
    runs = {start: first, end: last}
    better, skipped = [start], list[str]()
    while (middle := _middle(folder, better, end, skipped)) is not None:
        run = _measure(search, middle)
        if run is None:
            skipped.append(middle)
            continue
        runs[middle] = run
        if compare(first, run, search.rules).of("worse"):
            end = middle
        else:
            better.append(middle)
    left = [commit for commit in _between(folder, better, end) if commit != end]
    before = _last_before(folder, better, end)
    return Culprit(end, _subject(folder, end), compare(runs[before], runs[end], search.rules), left)


def _measure(search: Search, commit: str) -> Run | None:
    search.tell(f"{commit[:10]} {_subject(search.suite.folder, commit)}")
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as folder, search.suite.at(commit) as suite:
        run = suite.measure(Path(folder, "run.json"), commit)
    if run is None:
        return None
    wanted = [each for each in run.measurements if matches(each, search.case) and fits(each.metric, search.metric)]
    return run.model_copy(update={"measurements": tuple(wanted)}) if wanted else None


def _between(folder: Path, better: Sequence[str], end: str, *how: str) -> list[str]:
    """Return the commits that ``end`` has and none of the better ones, ``end`` included."""
    arguments = ["rev-list", *how, end, *(f"^{commit}" for commit in better)]
    return output_of(folder, *arguments, why="list the commits in between").split("\n")


def _middle(folder: Path, better: Sequence[str], end: str, skipped: Sequence[str]) -> str | None:
    """Return the commit that halves what is left, None where only ``end`` and skipped ones are."""
    lines = _between(folder, better, end, "--bisect-all")
    commits = (line.partition(" ")[0] for line in lines)  # "<commit> (dist=3)", the best first
    return next((commit for commit in commits if commit and commit != end and commit not in skipped), None)


def _last_before(folder: Path, better: Sequence[str], end: str) -> str:
    """Return that of the better commits which is nearest to ``end``."""
    return min(better, key=lambda commit: len(_between(folder, [commit], end)))


def _subject(folder: Path, commit: str) -> str:
    return output_of(folder, "show", "--no-patch", "--format=%s", commit, why=f"show {commit[:10]}")
