"""Which commit a run is of."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.errors import MachineryError
from mpy_harness.firmware.process import run

_SECONDS = 20.0


def revision_of(folder: Path) -> tuple[str, bool]:
    """Return the commit that is checked out in a folder, and whether files that git knows differ from it.

    ("", False) where there is no repository, or no git.
    """
    try:
        head = run(["git", "rev-parse", "--verify", "--quiet", "HEAD"], timeout=_SECONDS, cwd=folder)
        if head.status != 0:
            return "", False
        status = run(["git", "status", "--porcelain", "--untracked-files=no"], timeout=_SECONDS, cwd=folder)
    except (OSError, MachineryError):
        return "", False
    commit = head.output.strip()
    return (commit, bool(status.output.strip())) if len(commit) in {40, 64} else ("", False)
