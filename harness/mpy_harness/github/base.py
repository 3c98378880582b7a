"""The commit that a change is compared with, by the event of GitHub that a job is for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mpy_harness.errors import JobMisconfigured, MachineryError
from mpy_harness.firmware.git import commit_of, git, parents_of
from mpy_harness.github.events import PullRequest, Push, event_merge_group, event_pull_request, event_push

_GIT_SECONDS = 600.0
_ADVICE = "Check out the whole history: give actions/checkout `fetch-depth: 0`."


def base_commit(folder: Path, environment: Mapping[str, str]) -> str | None:
    """Return the commit that this job's change starts from, None where it changes nothing that is known.

    For a pull request that is the first parent of its merge, as GitHub checks it out; for a group of a merge queue what
    the group is built on; for a push what was there before. What the event of a pull request says of the base is not
    asked: that may be old, and then other people's changes would count as this one's.
    """
    if pull := event_pull_request(environment):
        return _base_of_pull(folder, pull)
    if group := event_merge_group(environment):
        return _there(folder, group.base_sha)
    if push := event_push(environment):
        return _base_of_push(folder, push)
    return None


def _base_of_pull(folder: Path, pull: PullRequest) -> str:
    parents = parents_of("HEAD", folder)
    if len(parents) == 2 and parents[1] == pull.head.sha:
        return _there(folder, parents[0])
    # Not GitHub's merge but the change's own branch, say: where that left the other branch, as that is now.
    branch = f"refs/remotes/origin/{pull.base.ref}"
    now = commit_of(branch, folder) if pull.base.ref else None
    if now is None:
        raise JobMisconfigured(f"the checkout does not have {branch}, the branch that this is for. {_ADVICE}")
    return _common(folder, now)


def _base_of_push(folder: Path, push: Push) -> str | None:
    if not push.before.strip("0"):
        return None  # a new branch
    if not push.forced:
        return _there(folder, push.before)
    # What was there before is no part of the branch's history now, and no clone fetches it by itself.
    try:
        return _common(folder, _there(folder, push.before))
    except JobMisconfigured:
        return None


def _common(folder: Path, other: str) -> str:
    found = git(folder, "merge-base", "HEAD", other, timeout=_GIT_SECONDS)
    if found.status != 0:
        raise JobMisconfigured(f"HEAD and {other[:10]} have no commit in common here. {_ADVICE}")
    return found.output.decode("ascii", "replace").strip()


def _there(folder: Path, commit: str) -> str:
    """Return a commit that git has, fetched alone where it does not: a clone may be shallow."""
    if commit_of(commit, folder) is None:
        _fetch(folder, commit)
    found = commit_of(commit, folder)
    if found is None:
        raise JobMisconfigured(f"the checkout has no commit {commit[:10]}, and it could not be fetched. {_ADVICE}")
    return found


def _fetch(folder: Path, commit: str) -> None:
    shallow = git(folder, "rev-parse", "--is-shallow-repository").output.strip() == b"true"
    depth = ["--depth=1"] if shallow else []  # it would make a whole clone a shallow one
    try:
        git(folder, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *depth, "origin", commit,
            timeout=_GIT_SECONDS)  # fmt: skip
    except MachineryError:
        return  # the network has given up; what is missing is said by the caller
