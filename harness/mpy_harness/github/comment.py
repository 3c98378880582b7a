"""Write the comment on a pull request, from figures that anybody may have uploaded.

A run for a pull request, of a fork as well, may not comment. A second job may, and reads what the first one
uploaded. It runs nothing of that, shows no text of it as it is, and takes only figures from it. For which pull request
they are is not taken from there: GitHub's event says it, and the API confirms it.
"""

from __future__ import annotations

import base64
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import GitHubUnavailable
from mpy_harness.github.answers import Forbidden, NotFound
from mpy_harness.github.artifacts import JobResult, job_results
from mpy_harness.github.client import Client
from mpy_harness.github.events import PullRequest, WorkflowRun, only_reads, pull_requests_of, repository, workflow_run
from mpy_harness.github.job import add_summary
from mpy_harness.github.merge import merge_results
from mpy_harness.github.sticky import StickyComment, marker
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.configuration import FILE, read_configuration
from mpy_harness.measurements.thresholds import Rules
from mpy_harness.reports.markdown import COMMENT_BYTES, comparison_markdown, run_markdown

_SERVER = "https://github.com"
_NOT_COMPARED = (
    "### ⚠️ The measurements could not be compared\n\n"
    "What the run uploaded is missing, damaged or not a file of measurements. "
    "The log of the job that comments says more."
)

_ONLY_READS = (
    "A run for a pull request of a fork, or of Dependabot, has a token that only reads, whatever permissions it asks "
    "for: what the comment would say is in this job's summary. A workflow on `workflow_run` can comment: docs/ci.md "
    "has one."
)
_NO_BASE = "there is nothing to compare with: nothing was measured before this change"


@dataclass(frozen=True)
class Commenter:
    """Keeps the comment ``name`` by ``author`` up to date, in the repository of a job's environment."""

    client: Client
    environment: Mapping[str, str]
    name: str = "comparison"
    author: str | None = None

    def comment_on(
        self, number: int, results: Sequence[JobResult], rules: Rules | None = None, footer: str = ""
    ) -> str:
        """Say on a pull request what was measured; return a line about what was done."""
        room = COMMENT_BYTES - len(marker(self.name)) - 1
        body = comment_body(results, rules, footer, room)
        try:
            return self._put(number, body)
        except Forbidden as error:
            if not only_reads(self.environment):
                raise
            add_summary(self.environment, body)
            raise Forbidden(f"{error} {_ONLY_READS}") from error

    def comment_on_run(self) -> list[str]:
        """Comment on the pull requests of the run whose end started this job; return a line for each."""
        home, run = repository(self.environment), workflow_run(self.environment)
        if run.event != "pull_request":
            return [f"run {run.id} was for the event {run.event}, not for a pull request: nothing to comment on"]
        pulls = pull_requests_of(run, home, self.client)
        if not pulls:
            return [f"commit {run.head_sha[:10]} is the newest of no open pull request: nothing to comment on"]
        footer = self._footer(home, run)
        with self.or_not_compared([pull.number for pull in pulls], footer):
            results = job_results(self.client, home, run.id)
            meant = _of_results(pulls, results)
            if not meant:
                return [f"run {run.id} was for a pull request that is not open any more: nothing to comment on"]
            return [self.comment_on(pull.number, results, self._rules(home, pull), footer) for pull in meant]

    def retract_on_run(self) -> None:
        """Say on the pull requests of ``comment_on_run`` that nothing could be compared."""
        home, run = repository(self.environment), workflow_run(self.environment)
        pulls = pull_requests_of(run, home, self.client) if run.event == "pull_request" else []
        self.retract([pull.number for pull in pulls], self._footer(home, run))

    def retract(self, numbers: Sequence[int], footer: str = "") -> None:
        """Say on pull requests that nothing could be compared: an older comment that all is well would be wrong."""
        for number in numbers:
            self._put(number, f"{_NOT_COMPARED}\n\n{footer}".rstrip() + "\n")

    @contextmanager
    def or_not_compared(self, numbers: Sequence[int], footer: str = "") -> Iterator[None]:
        """Retract what pull requests say if what is done meanwhile fails, in whatever way; the failure goes on."""
        try:
            yield
        except BaseException as error:
            traceback.clear_frames(error.__traceback__)  # frees what was read: memory may be what is lacking
            with suppress(Exception):  # the first failure is the one to tell
                self.retract(numbers, footer)
            raise

    def _rules(self, home: str, pull: PullRequest) -> Rules:
        """Return the rules of the branch that the pull request is for: it does not excuse itself."""
        try:
            answer = self.client.get(f"/repos/{home}/contents/{FILE}?ref={pull.base.sha}")
            content = base64.b64decode("".join(answer["content"].split()), validate=True)
        except NotFound:
            return Rules()
        except (AttributeError, TypeError, KeyError, ValueError) as error:
            raise GitHubUnavailable(f"the API answered with what is no {FILE}.") from error
        with tempfile.TemporaryDirectory(prefix="mpy-harness-") as folder:
            Path(folder, FILE).write_bytes(content)
            return read_configuration(Path(folder)).rules()

    def _put(self, number: int, body: str) -> str:
        comment = StickyComment(self.client, repository(self.environment), number, self.name, self.author)
        outcome = comment.put(body)
        return f"pull request {number}: comment {outcome.comment} {outcome.done}"

    def _footer(self, home: str, run: WorkflowRun) -> str:
        server = self.environment.get("GITHUB_SERVER_URL") or _SERVER
        return f"{run.head_sha[:10]}, [run {run.id}]({server}/{home}/actions/runs/{run.id})"


def _of_results(pulls: Sequence[PullRequest], results: Sequence[JobResult]) -> list[PullRequest]:
    """Return which of the pull requests of one commit the results are for, all where they do not say.

    This alone is taken from what was uploaded: whoever wrote it can only choose among pull requests of that commit.
    """
    said = {result.head.pull_request for result in results} - {0}
    return [pull for pull in pulls if not said or pull.number in said]


def comment_body(
    results: Sequence[JobResult], rules: Rules | None = None, footer: str = "", limit: int = COMMENT_BYTES
) -> str:
    """Return what a comment says: a comparison for all jobs, or one for each group that can be joined.

    ``footer`` is Markdown that is trusted, ``limit`` is in bytes.
    """
    groups = merge_results(results)
    if len(groups) == 1:
        return _section(groups[0], rules, footer, limit)
    titles = [f"**{group.label[:200]}**\n\n" for group in groups]  # of names that are checked, see artifacts.py
    room = limit - len(footer.encode()) - 2 - sum(len(title) + 1 for title in titles)
    parts = [
        title + _section(group, rules, "", room // len(groups)) for title, group in zip(titles, groups, strict=True)
    ]
    return "\n".join(parts) + f"\n{footer}\n"


def _section(group: JobResult, rules: Rules | None, footer: str, limit: int) -> str:
    if group.base is None:
        return run_markdown(group.head, note=_NO_BASE, footer=footer, limit=limit)
    return comparison_markdown(compare(group.base, group.head, rules), footer=footer, limit=limit)
