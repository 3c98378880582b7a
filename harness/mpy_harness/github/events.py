"""What GitHub's event says a workflow run was for: a pull request cannot change that.

The event of a run from a fork names no pull request, and the API does not list pull requests by a fork's commit. So
they are looked up by the branch they come from, and those with another newest commit are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpy_harness.errors import GitHubUnavailable, JobMisconfigured
from mpy_harness.github.client import Client
from mpy_harness.limits import EVENT_BYTES
from mpy_harness.measurements.run import plain
from mpy_harness.resources import read_file

Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
Repository = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{1,100}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


_T = TypeVar("_T", bound=_Part)


class _Named(_Part):
    full_name: Repository


class _Side(_Part):
    sha: Commit
    ref: Annotated[str, Field(max_length=1000)] = ""
    repo: _Named | None = None  # None once the fork is deleted


class PullRequest(_Part):
    """A pull request as the API tells of it."""

    number: Annotated[int, Field(gt=0)]
    state: str
    head: _Side
    base: _Side


class WorkflowRun(_Part):
    """The run whose end started this one."""

    id: Annotated[int, Field(gt=0)]
    event: str
    head_sha: Commit
    head_branch: Annotated[str, Field(min_length=1, max_length=1000)]
    head_repository: _Named


class _Event(_Part):
    workflow_run: WorkflowRun


class _PullRequestEvent(_Part):
    pull_request: PullRequest


class MergeGroup(_Part):
    """Pull requests that a merge queue tests together: ``base_sha`` is the commit that they were put onto."""

    base_sha: Commit


class _MergeGroupEvent(_Part):
    merge_group: MergeGroup


class Push(_Part):
    """A push of commits: ``before`` is what the branch was at, zeros for a new branch.

    After a ``forced`` one that is no ancestor of what is there now.
    """

    before: Commit
    forced: bool = False


def repository(environment: Mapping[str, str]) -> str:
    """Return the repository that a job belongs to, as ``owner/name``."""
    name = environment.get("GITHUB_REPOSITORY", "")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{1,100}", name):
        raise JobMisconfigured(f"GITHUB_REPOSITORY is {name!r}, not owner/name. GitHub sets it in a job's environment.")
    return name


def workflow_run(environment: Mapping[str, str]) -> WorkflowRun:
    """Return the run that this job's ``workflow_run`` event tells of."""
    return _read(environment, _Event, "workflow_run").workflow_run


def event_pull_request(environment: Mapping[str, str]) -> PullRequest | None:
    """Return the pull request that this job is for, None where its event is another one."""
    if environment.get("GITHUB_EVENT_NAME") != "pull_request":
        return None
    return _read(environment, _PullRequestEvent, "pull_request").pull_request


def only_reads(environment: Mapping[str, str]) -> bool:
    """Tell whether this job's token only reads, whatever permissions it asks for: for a fork's pull request it does."""
    pull = event_pull_request(environment)
    if pull is None:
        return False
    is_fork = pull.head.repo is None or pull.head.repo != pull.base.repo
    return is_fork or environment.get("GITHUB_ACTOR") == "dependabot[bot]"


def event_merge_group(environment: Mapping[str, str]) -> MergeGroup | None:
    """Return the group of a merge queue that this job is for, None where its event is another one."""
    if environment.get("GITHUB_EVENT_NAME") != "merge_group":
        return None
    return _read(environment, _MergeGroupEvent, "merge_group").merge_group


def event_push(environment: Mapping[str, str]) -> Push | None:
    """Return the push that this job is for, None where its event is another one."""
    return _read(environment, Push, "push") if environment.get("GITHUB_EVENT_NAME") == "push" else None


def pull_requests_of(run: WorkflowRun, home: str, client: Client) -> list[PullRequest]:
    """Return the open pull requests of repository ``home`` whose newest commit is the one that ``run`` tested."""
    owner = run.head_repository.full_name.partition("/")[0]
    path = f"/repos/{home}/pulls?state=open&per_page=100&head={quote(f'{owner}:{run.head_branch}', safe='')}"
    try:
        found = [PullRequest.model_validate(entry) for entry in client.pages(path)]
    except ValidationError as error:
        raise GitHubUnavailable(f"the API's pull requests are not as expected: {_first(error)}") from None
    return [
        pull
        for pull in found
        if pull.state == "open"
        and pull.head.sha == run.head_sha
        and pull.head.repo == run.head_repository
        and pull.base.repo is not None
        and pull.base.repo.full_name.lower() == home.lower()
    ]


def _read(environment: Mapping[str, str], model: type[_T], name: str) -> _T:
    if environment.get("GITHUB_EVENT_NAME") != name or not environment.get("GITHUB_EVENT_PATH"):
        raise JobMisconfigured(f"this job was not started by the event {name}. See docs/ci.md for a workflow that is.")
    file = Path(environment["GITHUB_EVENT_PATH"])
    try:
        return model.model_validate_json(read_file(file, EVENT_BYTES))
    except OSError as error:
        raise JobMisconfigured(f"{file}, the job's event, cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise JobMisconfigured(f"{file} is not an event {name} as GitHub writes it: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    """Return what is wrong first, without the value, which anybody may have written."""
    entry = error.errors(include_url=False, include_input=False)[0]
    return plain(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}")[:300]
