"""Files of measurements as they were in a commit of git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from mpy_harness.errors import MeasurementsInvalid, ToolMissing
from mpy_harness.measurements.run import MAX_BYTES, plain

_SECONDS = 60.0
_MAX_FILES = 1000


def commit_of(revision: str, folder: Path) -> str | None:
    """Return the commit that a revision names in a folder's repository, None where it names none."""
    if revision.startswith("-") or not revision.isprintable():
        return None
    try:
        found = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], folder)
    except MeasurementsInvalid:
        return None
    return found.decode("ascii", "replace").strip() or None


def files_of(commit: str, path: str, folder: Path) -> dict[str, bytes]:
    """Return the JSON files at or below a path in a commit, by name; the path is relative to the folder.

    Raises MeasurementsInvalid where there are none.
    """
    listed = _git(["ls-tree", "-r", "-z", "-l", commit, "--", path], folder).decode("utf-8", "replace")
    found: dict[str, bytes] = {}
    for entry in filter(None, listed.split("\0")):
        facts, _, name = entry.partition("\t")
        _, kind, blob, size = facts.split()
        if kind != "blob" or not name.endswith(".json"):
            continue
        if int(size) > MAX_BYTES or len(found) >= _MAX_FILES:
            raise MeasurementsInvalid(f"{plain(name)} of {commit[:10]} is too large, or one of too many files")
        found[name] = _git(["cat-file", "blob", blob], folder)
    if not found:
        raise MeasurementsInvalid(
            f"commit {commit[:10]} has no measurements at {plain(path)}: no .json file. "
            "Where committed baselines are: --path, or tool.mpy-harness.baselines in pyproject.toml"
        )
    return found


def _git(arguments: Sequence[str], folder: Path) -> bytes:
    try:
        done = subprocess.run(
            ["git", "--no-pager", "--literal-pathspecs", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise ToolMissing(
            "git is not installed; baselines of a revision need it. On Debian: apt install git."
        ) from error
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise MeasurementsInvalid(f"git {arguments[0]} did not work: {plain(str(error))[:300]}") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise MeasurementsInvalid(f"git {arguments[0]} did not work: {plain(said)[:300] or 'it gave no reason'}")
    return done.stdout
