"""The work of a CI job: measure a change and the commit it starts from, and say what differs."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import JobMisconfigured, MachineryError
from mpy_harness.github.artifacts import BASE, HEAD
from mpy_harness.github.base import base_commit, second_checkout, top
from mpy_harness.github.job import add_summary, folded, in_actions, set_outputs
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.run import Run, read_run
from mpy_harness.measurements.sources import Places, load_run
from mpy_harness.measurements.thresholds import Rules
from mpy_harness.reports.annotations import annotation_lines
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.csv import comparison_csv, run_csv
from mpy_harness.reports.html import html_page
from mpy_harness.reports.markdown import comparison_markdown, run_markdown
from mpy_harness.reports.page import Content

MERGE_BASE, NOTHING = "merge-base", "none"
_TABLE, _PAGE = "comparison.csv", "report.html"
_TO_END_SECONDS = 60.0
# pytest's statuses
_NOT_THERE, _NO_TESTS = 4, 5


@dataclass(frozen=True)
class CiJob:
    """What to test and where the measurements go: ``arguments`` are pytest's, ``timeout`` is in seconds a run.

    ``against`` is "merge-base", "none", or what ``mpy-harness compare`` takes for its base.
    """

    folder: Path
    arguments: Sequence[str]
    output: Path
    against: str = MERGE_BASE
    timeout: float = 3600.0


def measure(job: CiJob, environment: Mapping[str, str]) -> int:
    """Do a job and return its status: 0, 1 where a test failed or something got worse."""
    job.output.mkdir(parents=True, exist_ok=True)
    for old in (HEAD, BASE, _TABLE, _PAGE):
        (job.output / old).unlink(missing_ok=True)
    with folded(environment, "tests"):
        status = _pytest(job, job.folder, HEAD)
    if not (job.output / HEAD).exists():
        if status in {0, _NO_TESTS}:
            raise JobMisconfigured("no test measured anything, so there is nothing to compare.")
        return status
    head = read_run(job.output / HEAD)
    base, rules = _base(job, environment)
    if base is None:
        _write(job.output / _TABLE, run_csv(head))
        _write(job.output / _PAGE, html_page(Content(head)))
        add_summary(environment, run_markdown(head))
        set_outputs(environment, {"regressed": "false"})
        return status
    comparison = compare(base, head, rules)
    _write(job.output / _TABLE, comparison_csv(comparison))
    _write(job.output / _PAGE, html_page(Content(head, comparison)))
    publish(comparison, environment)
    return status or int(comparison.regressed)


def publish(comparison: Comparison, environment: Mapping[str, str]) -> None:
    """Write what a comparison found to the log, to the job's summary and to the lines of the tests."""
    sys.stdout.write("\n".join(comparison_lines(comparison)) + "\n")
    add_summary(environment, comparison_markdown(comparison))
    if in_actions(environment):
        sys.stdout.write("".join(f"{line}\n" for line in annotation_lines(comparison)))
    set_outputs(environment, {"regressed": str(comparison.regressed).lower()})


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="")


def _base(job: CiJob, environment: Mapping[str, str]) -> tuple[Run | None, Rules]:
    """Return what to compare with, None where there is nothing, and by which rules; keep it beside the measurements."""
    if job.against == NOTHING:
        return None, Rules()
    if job.against != MERGE_BASE:
        configuration = read_configuration(job.folder)
        base = load_run(job.against, Places(configuration.folder, configuration.baselines))
        base.write(job.output / BASE)
        return base, configuration.rules()
    revision = base_commit(job.folder, environment)
    if revision is None:
        sys.stdout.write("mpy-harness: this job changes no commit that could be compared with\n")
        return None, Rules()
    with folded(environment, f"the same tests at {revision[:10]}"), second_checkout(job.folder, revision) as checkout:
        folder = checkout / job.folder.resolve().relative_to(top(job.folder))
        # A folder or test that the change brings along is not there.
        status = _pytest(job, folder, BASE) if folder.is_dir() else _NO_TESTS
        rules = read_configuration(folder if folder.is_dir() else checkout).rules()  # a change does not excuse itself
    if not (job.output / BASE).exists():
        if status not in {0, 1, _NOT_THERE, _NO_TESTS}:
            raise MachineryError(f"the tests at {revision[:10]} ended with pytest's status {status}, see above.")
        sys.stdout.write(f"mpy-harness: nothing was measured at {revision[:10]}, so there is nothing to compare with\n")
        return None, rules
    return read_run(job.output / BASE), rules


def _pytest(job: CiJob, folder: Path, name: str) -> int:
    """Run the tests of a folder, their measurements into a file of the output folder; return pytest's status."""
    measurements = ["--measurements", str((job.output / name).absolute())]
    command = [sys.executable, "-m", "pytest", *measurements, *job.arguments]
    sys.stdout.flush()
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait(job.timeout)
        except BaseException as error:
            # pytest ends its boards when it is interrupted; a signal to this whole group has reached it already.
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                process.send_signal(signal.SIGINT)
                process.wait(_TO_END_SECONDS)
            process.kill()
            if isinstance(error, subprocess.TimeoutExpired):
                raise MachineryError(f"the tests did not end within {job.timeout / 60:g} minutes.") from None
            raise
