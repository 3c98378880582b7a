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
from mpy_harness.measurements.run import plain

_MAX_EVENT_BYTES = 32 << 20

Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
Repository = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{1,100}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


_T = TypeVar("_T", bound=_Part)


class _Named(_Part):
    full_name: Repository


class _Side(_Part):
    sha: Commit
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


class Push(_Part):
    """A push of commits: ``before`` is what the branch was at, zeros for a new branch."""

    before: Commit


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
        if file.stat().st_size > _MAX_EVENT_BYTES:
            raise JobMisconfigured(f"{file} is too large to be an event.")
        return model.model_validate_json(file.read_bytes())
    except OSError as error:
        raise JobMisconfigured(f"{file}, the job's event, cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise JobMisconfigured(f"{file} is not an event {name} as GitHub writes it: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    """Return what is wrong first, without the value, which anybody may have written."""
    entry = error.errors(include_url=False, include_input=False)[0]
    return plain(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}")[:300]
