"""Checkouts of other commits, beside the one that the user works in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mpy_harness.errors import JobMisconfigured
from mpy_harness.firmware.git import commit_of, git
from mpy_harness.firmware.process import last_lines
from mpy_harness.measurements.run import plain

_SECONDS = 600.0


def top(folder: Path) -> Path:
    """Return the top folder of the checkout that ``folder`` is in."""
    return Path(output_of(folder, "rev-parse", "--show-toplevel", why="find the checkout")).resolve()


def named_commit(folder: Path, revision: str) -> str:
    """Return the commit that a person names: a branch, a tag, a hash. Raises JobMisconfigured."""
    found = commit_of(revision, folder)
    if found is None:
        raise JobMisconfigured(f"there is no commit {plain(revision)[:100]!r} in the repository of {folder}.")
    return found


@contextmanager
def second_checkout(folder: Path, revision: str) -> Iterator[Path]:
    """Give a checkout of ``revision`` beside the one that ``folder`` is in, and remove it at the end."""
    parent = Path(tempfile.mkdtemp(prefix="mpy-harness-base-"))
    place = parent / top(folder).name
    try:
        # The repository's own hooks are nobody's business here.
        output_of(
            folder, "-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--detach", place, revision,
            why=f"check out {revision[:10]} a second time",
        )  # fmt: skip
        yield place
    finally:
        git(folder, "worktree", "remove", "--force", place, timeout=_SECONDS)
        shutil.rmtree(parent, ignore_errors=True)
        git(folder, "worktree", "prune", timeout=_SECONDS)


def output_of(folder: Path, *arguments: str | Path, why: str) -> str:
    """Return what git prints; ``why`` says what it is asked for. Raises JobMisconfigured."""
    done = git(folder, *arguments, timeout=_SECONDS)
    if done.status != 0:
        raise JobMisconfigured(f"git could not {why}:\n{last_lines(done.errors)}")
    return done.output.decode("utf-8", "replace").strip()
