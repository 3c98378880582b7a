"""Where runs to compare come from: files, folders, archives, saved baselines, commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.firmware.git import commit_of
from mpy_harness.limits import ARCHIVE_BYTES, FOLDER_DEPTH, FOLDER_ENTRIES, RUNS_BYTES, RUNS_FILES
from mpy_harness.measurements.archives import read_members
from mpy_harness.measurements.committed import files_of
from mpy_harness.measurements.covered import together
from mpy_harness.measurements.run import Conditions, Failure, Measurement, Run, parse_run, plain, read_run
from mpy_harness.resources import baselines_dir, read_file

_SAVED, _COMMITTED = "saved:", "git:"


@dataclass(frozen=True)
class Places:
    """Where to look: ``folder`` is the project's, ``committed`` the path of committed baselines below it."""

    folder: Path
    committed: str = "baselines"


def load_run(source: str, places: Places) -> Run:
    """Return the run that a source names.

    That is a file of measurements, a zip archive or folder of such files, the name of a baseline that
    ``pytest --baseline save`` saved, or a commit that has baselines; what is a path is taken as one, ``saved:NAME``
    and ``git:REVISION`` (or ``git:REVISION:PATH``) say what else is meant. Several files are put together.
    Raises MeasurementsInvalid, or ToolMissing where git is.
    """
    if source.startswith(_SAVED):
        return read_run(_saved(source.removeprefix(_SAVED), places))
    if source.startswith(_COMMITTED):
        return _committed(source.removeprefix(_COMMITTED), places)
    try:
        is_path, is_saved = Path(source).exists(), _saved(source, places).is_file()
    except (OSError, ValueError):  # too long, or with a zero in it
        is_path = is_saved = False
    if is_path and source:
        return load_path(Path(source))
    commit = commit_of(source, places.folder)
    if is_saved and commit:
        raise MeasurementsInvalid(
            f"{source} is both a saved baseline and a commit: say {_SAVED}{source} or {_COMMITTED}{source}"
        )
    if is_saved:
        return read_run(_saved(source, places))
    if commit or ":" in source:
        return _committed(source, places)
    raise MeasurementsInvalid(f"there is no {plain(source[:200])!r}: no file, folder, saved baseline or commit")


def load_path(path: Path) -> Run:
    """Return the run in a file, a zip archive or a folder. Raises MeasurementsInvalid."""
    try:
        if path.is_dir():
            return merged({str(file): read_run(file) for file in _json_files(path)}, str(path))
        if path.is_file() and _is_zip(path):
            return _parsed(read_members(read_file(path, ARCHIVE_BYTES), _is_json, str(path)), str(path))
    except OSError as error:
        raise MeasurementsInvalid(f"{error.filename or path} cannot be read: {error.strerror}") from error
    return read_run(path)


def merged(runs: Mapping[str, Run], source: str) -> Run:
    """Return one run made of several: those of different targets, or parts of one.

    The names of ``runs`` are for errors. A measurement that two runs hold must be the same in both. Raises
    MeasurementsInvalid.
    """
    measurements: dict[tuple[str, str, str], tuple[str, Measurement]] = {}
    provenance: dict[str, tuple[str, Conditions]] = {}
    natmods: dict[str, set[str]] = {}
    failed: dict[Failure, None] = {}
    for name, run in runs.items():
        for target, facts in run.provenance.items():
            other, known = provenance.setdefault(target, (name, facts))
            if known != facts:
                raise MeasurementsInvalid(f"{other} and {name} measured {target} under different conditions")
        for each in run.measurements:
            other, one = measurements.setdefault(each.key, (name, each))
            if one.value != each.value:
                what = " / ".join(each.key)
                raise MeasurementsInvalid(f"{what} is {one.value} in {other}, but {each.value} in {name}")
        failed |= dict.fromkeys(run.failed)
        for natmod, digest in run.natmods.items():
            natmods.setdefault(natmod, set()).add(digest)
    if not runs:
        raise MeasurementsInvalid(f"{source} holds no measurements: no .json file")
    revisions = {run.revision for run in runs.values()}
    committed = {run.committed for run in runs.values()}
    pull_requests = {run.pull_request for run in runs.values()}
    try:
        return Run(
            created=max(run.created for run in runs.values()),
            revision=revisions.pop() if len(revisions) == 1 else "",
            changed=any(run.changed for run in runs.values()),
            provenance={target: facts for target, (_, facts) in provenance.items()},
            natmods={natmod: digests.pop() for natmod, digests in natmods.items() if len(digests) == 1},
            failed=tuple(failed),
            committed=committed.pop() if len(committed) == 1 else "",
            pull_request=pull_requests.pop() if len(pull_requests) == 1 else 0,
            coverage=together(each for run in runs.values() for each in run.coverage),
            measurements=tuple(each for _, each in measurements.values()),
        )
    except ValueError as error:
        raise MeasurementsInvalid(f"{source} holds more than one run can: {plain(str(error))[:300]}") from None


def _parsed(files: Mapping[str, bytes], source: str) -> Run:
    runs = {name: parse_run(data, f"{plain(name)} in {source}") for name, data in sorted(files.items())}
    return merged(runs, source)


def _committed(source: str, places: Places) -> Run:
    revision, _, path = source.partition(":")
    commit = commit_of(revision, places.folder)
    if commit is None:
        raise MeasurementsInvalid(f"there is no commit {plain(revision[:200])!r} in the repository of {places.folder}")
    return _parsed(files_of(commit, path or places.committed, places.folder), f"commit {commit[:10]}")


def _saved(name: str, places: Places) -> Path:
    return baselines_dir(places.folder) / f"{Path(name).name}.json"


def _json_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    total = 0
    for file in _walk(folder):
        if len(found) >= RUNS_FILES:
            raise MeasurementsInvalid(f"{folder} holds more than {RUNS_FILES} files")
        total += file.stat().st_size
        if total > RUNS_BYTES:
            raise MeasurementsInvalid(f"{folder} holds more than {RUNS_BYTES >> 20} MiB of measurements")
        found.append(file)
    return sorted(found)


def _walk(top: Path) -> Iterator[Path]:
    # Artifacts are unpacked into folders of their own; links could lead anywhere.
    left = FOLDER_ENTRIES
    pending = [(top, 1)]
    while pending:
        folder, depth = pending.pop()
        if depth > FOLDER_DEPTH:
            raise MeasurementsInvalid(f"{top} holds folders more than {FOLDER_DEPTH} deep in each other")
        for each in folder.iterdir():
            left -= 1
            if left < 0:
                raise MeasurementsInvalid(f"{top} holds more than {FOLDER_ENTRIES:,} files and folders")
            if each.is_symlink():
                continue
            if each.is_dir():
                pending.append((each, depth + 1))
            elif _is_json(each.name) and each.is_file() and not each.name.startswith("."):
                yield each


def _is_json(name: str) -> bool:
    return name.endswith(".json")


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in {b"PK\x03\x04", b"PK\x05\x06"}
