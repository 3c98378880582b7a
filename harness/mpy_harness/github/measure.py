"""The work of a CI job: measure a change and the commit it starts from, and say what differs."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mpy_harness.errors import HarnessError, JobMisconfigured
from mpy_harness.github.artifacts import BASE, HEAD
from mpy_harness.github.base import base_commit
from mpy_harness.github.events import event_pull_request
from mpy_harness.github.job import add_summary, folded, in_actions, set_outputs
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.configuration import Configuration, read_configuration
from mpy_harness.measurements.run import Run, read_run
from mpy_harness.measurements.sources import Places, load_run
from mpy_harness.measurements.thresholds import Rules
from mpy_harness.reports.annotations import annotation_lines
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.csv import comparison_csv, run_csv
from mpy_harness.reports.html import html_page
from mpy_harness.reports.markdown import comparison_markdown, run_markdown
from mpy_harness.reports.page import Content
from mpy_harness.revisions.checkout import named_commit, top
from mpy_harness.revisions.suite import NO_TESTS, PASSED, Suite

MERGE_BASE, NOTHING = "merge-base", "none"
_TABLE, PAGE = "comparison.csv", "report.html"
_COMMITTED = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,199}")


@dataclass(frozen=True)
class CiJob:
    """What to test and where the measurements go.

    ``against`` is "merge-base", "none", or what ``mpy-harness compare`` takes for its base; ``base`` is a commit to
    measure instead.
    """

    suite: Suite
    output: Path
    against: str = MERGE_BASE
    base: str | None = None


@dataclass(frozen=True)
class _Base:
    """What to compare with, by which rules; ``why`` there is nothing, ``renewal`` is the command that makes it anew."""

    run: Run | None = None
    rules: Rules = field(default_factory=Rules)
    why: str = ""
    renewal: str = ""


def measure(job: CiJob, environment: Mapping[str, str]) -> int:
    """Do a job and return its status: 0, 1 where a test failed or something got worse."""
    job.output.mkdir(parents=True, exist_ok=True)
    for old in (HEAD, BASE, _TABLE, PAGE):
        (job.output / old).unlink(missing_ok=True)
    with folded(environment, "tests"):
        status = job.suite.run(job.output / HEAD)
    if not (job.output / HEAD).exists():
        if status in {PASSED, NO_TESTS}:
            raise JobMisconfigured("no test measured anything, so there is nothing to compare.")
        return status
    head = read_run(job.output / HEAD)
    if pull := event_pull_request(environment):  # one commit may be in several
        head = head.model_copy(update={"pull_request": pull.number})
        head.write(job.output / HEAD)
    base = _base(job, head, environment)
    if base.run is None:
        sys.stdout.write(f"mpy-harness: {base.why}\n" if base.why else "")
        _write(job.output / _TABLE, run_csv(head))
        _write(job.output / PAGE, html_page(Content(head)))
        add_summary(environment, run_markdown(head, note=base.why))
        set_outputs(environment, {"regressed": ""})
        return status
    comparison = compare(base.run, head, base.rules, renewal=base.renewal)
    _write(job.output / _TABLE, comparison_csv(comparison))
    _write(job.output / PAGE, html_page(Content(head, comparison)))
    publish(comparison, environment)
    return status or int(comparison.regressed)


def publish(comparison: Comparison, environment: Mapping[str, str]) -> None:
    """Write what a comparison found to the log, to the job's summary and to the lines of the tests."""
    sys.stdout.write("\n".join(comparison_lines(comparison)) + "\n")
    add_summary(environment, comparison_markdown(comparison))
    if in_actions(environment):
        sys.stdout.write("".join(f"{line}\n" for line in annotation_lines(comparison)))
    # What was not compared did neither get worse nor not.
    said = {"regressed": "true", "passed": "false"}
    set_outputs(environment, {"regressed": said.get(comparison.outcome, "")})


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="")


def _base(job: CiJob, head: Run, environment: Mapping[str, str]) -> _Base:
    """Return what to compare with, and keep it beside the measurements."""
    if job.base is not None:
        return _measured(job, named_commit(job.suite.folder, job.base), environment)
    if job.against == NOTHING:
        return _Base()
    if job.against != MERGE_BASE:
        return _kept(job, head)
    revision = base_commit(job.suite.folder, environment)
    if revision is None:
        return _Base(why="this job changes no commit that could be compared with")
    return _measured(job, revision, environment)


def _kept(job: CiJob, head: Run) -> _Base:
    """Return a baseline that is kept, with the command that makes it anew."""
    configuration = read_configuration(job.suite.folder)
    base = load_run(job.against, Places(configuration.folder, configuration.baselines))
    file = _file_of(job.against, head, configuration)
    committed = _below_top(job.suite.folder / file)
    base = base.model_copy(update={"committed": committed if _COMMITTED.fullmatch(committed) else ""})
    base.write(job.output / BASE)
    renewal = shlex.join(["pytest", "--measurements", str(file), *job.suite.arguments])
    return _Base(base, configuration.rules(), renewal=renewal)


def _file_of(against: str, head: Run, configuration: Configuration) -> Path:
    """Return the file that a baseline is from: of a folder or a commit the one that is named after its targets."""
    if Path(against).is_file():
        return Path(against)
    folder = Path(against if Path(against).is_dir() else configuration.baselines)
    return folder / f"{'+'.join(sorted({each.target for each in head.measurements}))}.json"


def _below_top(file: Path) -> str:
    try:
        return file.resolve().relative_to(top(file.parent)).as_posix()
    except (HarnessError, OSError, ValueError):
        return ""


def _measured(job: CiJob, revision: str, environment: Mapping[str, str]) -> _Base:
    """Return what the same tests measure at another commit."""
    with folded(environment, f"the same tests at {revision[:10]}"), job.suite.at(revision) as suite:
        base = suite.measure(job.output / BASE, revision)
        rules = read_configuration(suite.folder).rules()  # a change does not excuse itself
    if base is None:
        why = f"nothing was measured at {revision[:10]}, so there is nothing to compare with"
        return _Base(why=why)
    return _Base(base, rules)
