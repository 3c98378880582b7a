"""The commit that a change is compared with, and a second checkout of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mpy_harness.errors import JobMisconfigured
from mpy_harness.firmware.git import commit_of, git
from mpy_harness.firmware.process import last_lines
from mpy_harness.github.events import event_pull_request, event_push

_GIT_SECONDS = 600.0
_ADVICE = "Check out the whole history: give actions/checkout `fetch-depth: 0`."


def top(folder: Path) -> Path:
    """Return the top folder of the checkout that ``folder`` is in."""
    return Path(_output(folder, "rev-parse", "--show-toplevel", why="find the checkout")).resolve()


def base_commit(folder: Path, environment: Mapping[str, str]) -> str | None:
    """Return the commit that this job's change starts from, None where it changes nothing.

    For a pull request that is where it left the branch it is for, for a push what was there before.
    """
    if pull := event_pull_request(environment):
        start = _there(folder, pull.base.sha)
        found = git(folder, "merge-base", "HEAD", start, timeout=_GIT_SECONDS)
        if found.status != 0:
            raise JobMisconfigured(f"HEAD and {start[:10]} have no commit in common here. {_ADVICE}")
        return found.output.decode("ascii", "replace").strip()
    if push := event_push(environment):
        return _there(folder, push.before) if push.before.strip("0") else None  # zeros for a new branch
    return None


@contextmanager
def second_checkout(folder: Path, revision: str) -> Iterator[Path]:
    """Give a checkout of ``revision`` beside the one that ``folder`` is in, and remove it at the end."""
    parent = Path(tempfile.mkdtemp(prefix="mpy-harness-base-"))
    place = parent / top(folder).name
    try:
        # The repository's own hooks are nobody's business here.
        _output(
            folder, "-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--detach", place, revision,
            why=f"check out {revision[:10]} a second time",
        )  # fmt: skip
        yield place
    finally:
        git(folder, "worktree", "remove", "--force", place, timeout=_GIT_SECONDS)
        shutil.rmtree(parent, ignore_errors=True)
        git(folder, "worktree", "prune", timeout=_GIT_SECONDS)


def _there(folder: Path, revision: str) -> str:
    found = commit_of(revision, folder)
    if found is None:
        raise JobMisconfigured(f"the checkout has no commit {revision[:10]}. {_ADVICE}")
    return found


def _output(folder: Path, *arguments: str | Path, why: str) -> str:
    done = git(folder, *arguments, timeout=_GIT_SECONDS)
    if done.status != 0:
        raise JobMisconfigured(f"git could not {why}:\n{last_lines(done.errors)}")
    return done.output.decode("utf-8", "replace").strip()
