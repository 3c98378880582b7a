"""Write the comment on a pull request, from figures that anybody may have uploaded.

A run for a pull request, of a fork as well, may not comment. A second job may, and reads what the first one
uploaded. It runs nothing of that, shows no text of it as it is, and takes only figures from it. For which pull request
they are is not taken from there: GitHub's event says it, and the API confirms it.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import GitHubUnavailable, HarnessError
from mpy_harness.github.answers import NotFound
from mpy_harness.github.artifacts import JobResult, job_results
from mpy_harness.github.client import Client
from mpy_harness.github.events import PullRequest, WorkflowRun, pull_requests_of, repository, workflow_run
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
        return self._put(number, comment_body(results, rules, footer, room))

    def comment_on_run(self) -> list[str]:
        """Comment on the pull requests of the run whose end started this job; return a line for each.

        Where the run's measurements are none, the comment says so before the error is raised: an older one that
        says that all is well would be wrong.
        """
        home, run = repository(self.environment), workflow_run(self.environment)
        if run.event != "pull_request":
            return [f"run {run.id} was for the event {run.event}, not for a pull request: nothing to comment on"]
        pulls = pull_requests_of(run, home, self.client)
        if not pulls:
            return [f"commit {run.head_sha[:10]} is the newest of no open pull request: nothing to comment on"]
        footer = f"{run.head_sha[:10]}, {self._link(home, run)}"
        try:
            results = job_results(self.client, home, run.id)
            return [self.comment_on(pull.number, results, self._rules(home, pull), footer) for pull in pulls]
        except HarnessError:
            with suppress(GitHubUnavailable):  # the first failure is the one to tell
                for pull in pulls:
                    self._put(pull.number, f"{_NOT_COMPARED}\n\n{footer}\n")
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

    def _link(self, home: str, run: WorkflowRun) -> str:
        server = self.environment.get("GITHUB_SERVER_URL") or _SERVER
        return f"[run {run.id}]({server}/{home}/actions/runs/{run.id})"


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
        return run_markdown(group.head, footer=footer, limit=limit)
    return comparison_markdown(compare(group.base, group.head, rules), footer=footer, limit=limit)
