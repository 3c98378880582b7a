"""Artifacts that anybody may have made: what is no run of ours is refused, and nothing is written anywhere."""

from __future__ import annotations

import io
import json
import warnings
import zipfile

import pytest

from mpy_harness.errors import GitHubUnavailable, MeasurementsInvalid
from mpy_harness.github.artifacts import job_results
from mpy_harness.limits import RUN_BYTES
from mpy_harness.measurements.archives import read_members
from tests.ci.archives import artifact, lying, run, with_link, zipped
from tests.ci.github_server import REPOSITORY, Fault

HEAD = run(("iir/noise", "instructions", 110))
BASE = run(("iir/noise", "instructions", 100))


def test_runs_come_by_the_artifacts_names(github, client):
    github.page = 2
    github.artifact("coverage", b"not ours")
    github.artifact("mpy-harness-renode-m33", artifact(HEAD))
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    github.artifact("mpy-harness-old", artifact(HEAD), expired=True)
    m33, renode = job_results(client, REPOSITORY, 5)
    assert (m33.label, m33.head, m33.base) == ("m33", HEAD, BASE)
    assert (renode.label, renode.head, renode.base) == ("renode-m33", HEAD, None)


def test_the_newest_counts_where_a_job_ran_again(github, client):
    github.artifact("mpy-harness-m33", artifact(BASE))
    github.artifact("mpy-harness-m33", artifact(HEAD))
    (measured,) = job_results(client, REPOSITORY, 5)
    assert measured.head == HEAD


def test_no_measurements_are_an_error_not_a_success(github, client):
    github.artifact("coverage", b"")
    with pytest.raises(MeasurementsInvalid, match="run 5 uploaded no measurements"):
        job_results(client, REPOSITORY, 5)


def test_an_artifact_without_the_run_is_an_error(github, client):
    github.artifact("mpy-harness-m33", zipped({"base.json": BASE.model_dump_json().encode()}))
    with pytest.raises(MeasurementsInvalid, match=r"artifact mpy-harness-m33 holds no head\.json"):
        job_results(client, REPOSITORY, 5)


def test_other_files_in_it_are_not_read(github, client):
    files = {"head.json": HEAD.model_dump_json().encode(), "report/index.html": b"<script>", "comment.md": b"# LGTM"}
    github.artifact("mpy-harness-m33", zipped(files))
    (measured,) = job_results(client, REPOSITORY, 5)
    assert measured.head == HEAD


def test_names_of_artifacts_are_labels(github, client):
    github.artifact("mpy-harness-](https://evil)", artifact(HEAD))
    with pytest.raises(MeasurementsInvalid, match="not one that a run of ours gives"):
        job_results(client, REPOSITORY, 5)
    assert len(github.asked()) == 1


def test_what_says_it_is_too_large_is_not_fetched(github, client):
    github.artifact("mpy-harness-m33", artifact(HEAD), size_in_bytes=65 << 20)
    with pytest.raises(MeasurementsInvalid, match="larger than 64 MiB"):
        job_results(client, REPOSITORY, 5)
    assert len(github.asked()) == 1


def test_what_is_too_large_and_does_not_say_so_is_left(github, client):
    github.artifact("mpy-harness-m33", bytes((64 << 20) + 1), size_in_bytes=10)
    with pytest.raises(GitHubUnavailable, match="larger than 64 MiB"):
        job_results(client, REPOSITORY, 5)


def test_too_many_artifacts_are_refused(github, client):
    for number in range(51):
        github.artifact(f"mpy-harness-{number}", artifact(HEAD))
    with pytest.raises(MeasurementsInvalid, match="more than 50"):
        job_results(client, REPOSITORY, 5)


def test_what_did_not_arrive_whole_is_said(github, client):
    github.artifact("mpy-harness-m33", artifact(HEAD))
    github.archives[1] = artifact(BASE)
    with pytest.raises(GitHubUnavailable, match="did not arrive whole"):
        job_results(client, REPOSITORY, 5)


def test_answers_that_are_no_artifacts_are_errors(github, client):
    github.faults.append(Fault(200, b'{"artifacts": [{"id": -1}]}'))
    with pytest.raises(GitHubUnavailable, match="no artifact"):
        job_results(client, REPOSITORY, 5)


def _deep(depth: int) -> bytes:
    return b'{"format": ' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Invalid JSON"),
        (b"\xff\xfe", "Invalid JSON"),
        (_deep(100_000), "Invalid JSON"),
        (HEAD.model_dump_json().replace("measurements 1", "measurements 2").encode(), "format"),
        (HEAD.model_dump_json().replace(":110", ":NaN").encode(), "value"),
        (HEAD.model_dump_json().replace(":110", ":1e999").encode(), "value"),
        (HEAD.model_dump_json().replace("iir/noise", "\\u202efdp").encode(), "control or format"),
        (HEAD.model_dump_json().replace('"m33"', '"m33\\n## Approved"', 1).encode(), "control or format"),
        (json.dumps({**json.loads(HEAD.model_dump_json()), "comment": "# LGTM"}).encode(), "comment"),
    ],
)
def test_files_that_are_no_measurements_are_refused(content, why, github, client):
    github.artifact("mpy-harness-m33", zipped({"head.json": content}))
    with pytest.raises(MeasurementsInvalid, match=rf"head\.json in artifact mpy-harness-m33 is not a file of.*{why}"):
        job_results(client, REPOSITORY, 5)


def twice() -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("head.json", "1")
        archive.writestr("head.json", "2")
    return buffer.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped({"head.json": b"{}"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (b"", "not a zip archive"),
        (b"PK\x03\x04" + bytes(100), "not a zip archive"),
        (zipped({"head.json": b"{}"})[:-30], "not a zip archive"),
        (zipped({"../head.json": b"{}"}), "no plain path"),
        (zipped({"/etc/passwd": b"{}"}), "no plain path"),
        (zipped({"a/../../b": b"{}"}), "no plain path"),
        (zipped({"a\\..\\b": b"{}"}), "no plain path"),
        (zipped({"head.json\n::set-output": b"{}"}), "no plain path"),
        (zipped({".": b"{}"}), "no plain path"),
        (with_link("head.json", "/etc/passwd"), "link or a device"),
        (twice(), "is there twice"),
        (encrypted(), "is encrypted"),
        (zipped({"head.json": b"{}"}, zipfile.ZIP_LZMA), "compressed by method 14"),
        (zipped({f"{number}.json": b"" for number in range(1001)}), "more than 1000 files"),
        (lying("head.json", bytes(5000), 10), "not a zip archive"),
    ],
)
def test_archives_with_anything_unusual_are_refused(archive, why):
    with pytest.raises(MeasurementsInvalid, match=why) as failed:
        read_members(archive, {"head.json"}.__contains__, "artifact x")
    assert "\n" not in str(failed.value)


def test_an_archive_that_expands_without_measure_is_refused():
    bomb = zipped({f"{number}.json": bytes(40 << 20) for number in range(4)})
    assert len(bomb) < 1 << 20
    with pytest.raises(MeasurementsInvalid, match="expands to more than 128 MiB"):
        read_members(bomb, {"0.json"}.__contains__, "artifact x")


def test_a_file_that_expands_without_measure_is_refused():
    with pytest.raises(MeasurementsInvalid, match="larger than 32 MiB"):
        read_members(zipped({"head.json": bytes(RUN_BYTES + 1)}), {"head.json"}.__contains__, "artifact x")


def test_damage_is_noticed():
    data = bytearray(zipped({"head.json": b"some text that is long enough"}, zipfile.ZIP_STORED))
    data[45] ^= 0xFF
    with pytest.raises(MeasurementsInvalid, match="not a zip archive that can be read"):
        read_members(bytes(data), {"head.json"}.__contains__, "artifact x")
