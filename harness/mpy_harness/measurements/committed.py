"""Files of measurements as they were in a commit of git."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.firmware.git import git
from mpy_harness.measurements.run import MAX_BYTES, plain

_MAX_FILES = 1000


def files_of(commit: str, path: str, folder: Path) -> dict[str, bytes]:
    """Return the JSON files at or below a path in a commit, by name; the path is relative to the folder.

    Raises MeasurementsInvalid where there are none.
    """
    listed = _output(folder, "ls-tree", "-r", "-z", "-l", commit, "--", path).decode("utf-8", "replace")
    found: dict[str, bytes] = {}
    for entry in filter(None, listed.split("\0")):
        facts, _, name = entry.partition("\t")
        _, kind, blob, size = facts.split()
        if kind != "blob" or not name.endswith(".json"):
            continue
        if int(size) > MAX_BYTES or len(found) >= _MAX_FILES:
            raise MeasurementsInvalid(f"{plain(name)} of {commit[:10]} is too large, or one of too many files")
        found[name] = _output(folder, "cat-file", "blob", blob)
    if not found:
        raise MeasurementsInvalid(
            f"commit {commit[:10]} has no measurements at {plain(path)}: no .json file. "
            "Where committed baselines are: --path, or tool.mpy-harness.baselines in pyproject.toml"
        )
    return found


def _output(folder: Path, *arguments: str) -> bytes:
    try:
        done = git(folder, *arguments)
    except (OSError, ValueError) as error:
        raise MeasurementsInvalid(f"git {arguments[0]} did not work: {plain(str(error))[:300]}") from error
    if done.status != 0:
        why = plain(done.errors.strip())[:300] or "it gave no reason"
        raise MeasurementsInvalid(f"git {arguments[0]} did not work: {why}")
    return done.output
