"""Files of measurements as they were in a commit of git."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.firmware.git import git
from mpy_harness.limits import OUTPUT_BYTES, RUN_BYTES, RUNS_BYTES, RUNS_FILES
from mpy_harness.measurements.run import plain


def files_of(commit: str, path: str, folder: Path) -> dict[str, bytes]:
    """Return the JSON files at or below a path in a commit, by name; the path is relative to the folder.

    Raises MeasurementsInvalid where there are none.
    """
    listed = _output(folder, "ls-tree", "-r", "-z", "-l", commit, "--", path).decode("utf-8", "replace")
    blobs: dict[str, str] = {}
    total = 0
    for entry in filter(None, listed.split("\0")):
        facts, _, name = entry.partition("\t")
        _, kind, blob, size = facts.split()
        if kind != "blob" or not name.endswith(".json"):
            continue
        total += int(size)
        if int(size) > RUN_BYTES or total > RUNS_BYTES or len(blobs) >= RUNS_FILES:
            raise MeasurementsInvalid(
                f"{plain(name)[:300]} of {commit[:10]} is too large, or one of too many: at most {RUN_BYTES >> 20} MiB "
                f"in a file, {RUNS_BYTES >> 20} MiB and {RUNS_FILES} files in all"
            )
        blobs[name] = blob
    if not blobs:
        raise MeasurementsInvalid(
            f"commit {commit[:10]} has no measurements at {plain(path)}: no .json file. "
            "Where committed baselines are: --path, or tool.mpy-harness.baselines in pyproject.toml"
        )
    return {name: _output(folder, "cat-file", "blob", blob, most=RUN_BYTES) for name, blob in blobs.items()}


def _output(folder: Path, *arguments: str, most: int = OUTPUT_BYTES) -> bytes:
    try:
        done = git(folder, *arguments, most=most)
    except (OSError, ValueError) as error:
        raise MeasurementsInvalid(f"git {arguments[0]} did not work: {plain(str(error))[:300]}") from error
    if done.status != 0:
        why = plain(done.errors.strip())[:300] or "it gave no reason"
        raise MeasurementsInvalid(f"git {arguments[0]} did not work: {why}")
    return done.output
