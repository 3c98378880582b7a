"""Read the measurements that a workflow run uploaded: whoever opened the pull request can have written them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpy_harness.errors import GitHubUnavailable, MeasurementsInvalid
from mpy_harness.github.client import Client
from mpy_harness.limits import ARCHIVE_BYTES, ARTIFACTS, RUNS_BYTES
from mpy_harness.measurements.archives import read_members
from mpy_harness.measurements.run import Run, parse_run

PREFIX = "mpy-harness-"
HEAD, BASE = "head.json", "base.json"
_LABEL = re.compile(r"[\w.+-]{1,80}", re.ASCII)


@dataclass(frozen=True)
class JobResult:
    """What one job measured: ``base`` is None where there was nothing to compare with."""

    label: str
    head: Run
    base: Run | None


class _Artifact(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: Annotated[int, Field(gt=0)]
    name: str
    size_in_bytes: Annotated[int, Field(ge=0)]
    expired: bool = False
    digest: str | None = None


def job_results(client: Client, repository: str, run: int) -> list[JobResult]:
    """Return what the jobs of a workflow run measured, by the artifacts' names; the newest where one is there twice.

    Raises MeasurementsInvalid for what no run of ours writes, and where there is nothing at all.
    """
    newest: dict[str, _Artifact] = {}
    for entry in client.pages(f"/repos/{repository}/actions/runs/{run}/artifacts?per_page=100", "artifacts"):
        artifact = _parse(entry)
        if artifact.name.startswith(PREFIX) and not artifact.expired:
            other = newest.setdefault(artifact.name, artifact)
            newest[artifact.name] = max(artifact, other, key=lambda one: one.id)  # a job that ran again has both
    if not newest:
        raise MeasurementsInvalid(f"run {run} uploaded no measurements: it has no artifact {PREFIX}….")
    if len(newest) > ARTIFACTS:
        raise MeasurementsInvalid(f"run {run} uploaded more than {ARTIFACTS} artifacts of measurements.")
    results = []
    left = RUNS_BYTES  # for all artifacts: what is read of each stays until the last is compared
    for name in sorted(newest):
        result, size = _job_result(client, repository, newest[name], left)
        results.append(result)
        left -= size
    return results


def _job_result(client: Client, repository: str, artifact: _Artifact, most: int) -> tuple[JobResult, int]:
    """Return what a job measured, and how many bytes of measurements that are, at most ``most``."""
    label = artifact.name.removeprefix(PREFIX)
    if not _LABEL.fullmatch(label):
        raise MeasurementsInvalid(f"the artifact's name {artifact.name[:100]!a} is not one that a run of ours gives.")
    source = f"artifact {artifact.name}"
    if artifact.size_in_bytes > ARCHIVE_BYTES:
        raise MeasurementsInvalid(f"{source} is larger than {ARCHIVE_BYTES >> 20} MiB.")
    archive = client.download(f"/repos/{repository}/actions/artifacts/{artifact.id}/zip", ARCHIVE_BYTES)
    if artifact.digest and artifact.digest != f"sha256:{hashlib.sha256(archive).hexdigest()}":
        raise GitHubUnavailable(f"{source} did not arrive whole: its SHA-256 is not the one that the API says.")
    files = read_members(archive, {HEAD, BASE}.__contains__, source, most)
    if HEAD not in files:
        raise MeasurementsInvalid(f"{source} holds no {HEAD}.")
    head = parse_run(files[HEAD], f"{HEAD} in {source}")
    base = parse_run(files[BASE], f"{BASE} in {source}") if BASE in files else None
    return JobResult(label, head, base), sum(map(len, files.values()))


def _parse(entry: object) -> _Artifact:
    try:
        return _Artifact.model_validate(entry)
    except ValidationError as error:
        raise GitHubUnavailable("the API answered with what is no artifact.") from error
