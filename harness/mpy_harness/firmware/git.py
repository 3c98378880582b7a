"""Ask git: the one place that runs it, for the commit a run is of, committed baselines and second checkouts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mpy_harness.errors import MachineryError, ToolMissing
from mpy_harness.firmware.process import Captured, capture
from mpy_harness.limits import OUTPUT_BYTES

_SECONDS = 60.0
#: What git tells its hooks, and they their programs, of the repository and index that it works with at the time.
_OF_A_REPOSITORY = (
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_INTERNAL_SUPER_PREFIX",
)


def environment() -> dict[str, str]:
    """Return our environment for a program that works in another folder, also where a hook of git's started us.

    A checkout beside the user's own would be written into the index of the commit that is being made. And what only
    looks takes no lock that the user's own git would stumble over (git(1), GIT_OPTIONAL_LOCKS).
    """
    kept = {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}
    return kept | {"GIT_OPTIONAL_LOCKS": "0"}


def git(folder: Path, *arguments: str | Path, timeout: float = _SECONDS, most: int = OUTPUT_BYTES) -> Captured:
    """Run git in a folder and return how it ended; its status is the caller's affair.

    Raises ToolMissing without git, MachineryError after ``timeout`` seconds or ``most`` bytes of output, OSError or
    ValueError for arguments that no program can be given (too long, or with a zero in them).
    """
    if shutil.which("git") is None:
        raise ToolMissing("git is not installed; measurements of another commit need it. On Debian: apt install git.")
    # A path is that path, also where it holds a star.
    command = ["git", "--no-pager", "--literal-pathspecs", "-C", folder, *arguments]
    return capture(command, timeout=timeout, most=most, env=environment())


def commit_of(revision: str, folder: Path) -> str | None:
    """Return the commit that a revision names in a folder's repository, None where it names none."""
    if revision.startswith("-") or not revision.isprintable():
        return None
    try:
        found = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except OSError:
        return None
    return found.output.decode("ascii", "replace").strip() or None if found.status == 0 else None


def parents_of(revision: str, folder: Path) -> list[str]:
    """Return the parents that a commit names, the first first, whether or not a shallow clone has them."""
    found = git(folder, "cat-file", "commit", revision)
    header = found.output.partition(b"\n\n")[0].decode("utf-8", "replace") if found.status == 0 else ""
    return [line.removeprefix("parent ") for line in header.splitlines() if line.startswith("parent ")]


def revision_of(folder: Path) -> tuple[str, bool]:
    """Return the commit that is checked out in a folder, and whether files that git knows differ from it.

    ("", False) where there is no repository, or no git.
    """
    try:
        commit = commit_of("HEAD", folder)
        status = git(folder, "status", "--porcelain", "--untracked-files=no") if commit else None
    except (OSError, MachineryError):
        return "", False
    return (commit, bool(status.output.strip())) if commit and status else ("", False)
