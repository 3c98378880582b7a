"""Where runs to compare come from: files, folders, archives, saved baselines, commits; good ones and hostile ones."""

from __future__ import annotations

import io
import os
import subprocess
import time
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.measurements.run import Conditions, Measurement, Run
from mpy_harness.measurements.sources import Places, load_run
from mpy_harness.resources import baselines_dir

CREATED = datetime(2026, 11, 21, tzinfo=timezone.utc)
CONDITIONS = Conditions(micropython="1.26.1", firmware="0" * 64, emulator="QEMU 7.2", harness="0.1.0")


def run(value: int = 1, target: str = "m33", case: str = "a", **more: object) -> Run:
    facts: dict[str, Any] = {"created": CREATED, "revision": "a" * 40, "provenance": {target: CONDITIONS}} | more
    measurement = Measurement(target=target, case=case, metric="instructions", value=value)
    return Run(measurements=(measurement,), **facts)


def values(found: Run) -> list[tuple[str, str, int | float]]:
    return [(each.target, each.case, each.value) for each in found.measurements]


def zipped(**files: str | bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.chdir(tmp_path)
    return Places(tmp_path)


@pytest.fixture
def repository(places: Places) -> Path:
    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=places.folder, check=True, capture_output=True, timeout=60)

    git("init", "-q", "-b", "main")
    git("config", "user.name", "somebody")
    git("config", "user.email", "somebody@example.org")
    run(1).write(places.folder / "baselines" / "m33.json")
    run(2, "m0").write(places.folder / "baselines" / "m0.json")
    (places.folder / "baselines" / "README.md").write_text("what is here")
    run(9).write(places.folder / "elsewhere.json")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("tag", "v1")
    run(5).write(places.folder / "baselines" / "m33.json")
    git("commit", "-q", "-a", "-m", "second")
    return places.folder


def test_a_file(places):
    run(3).write(places.folder / "run.json")
    assert values(load_run("run.json", places)) == [("m33", "a", 3)]


def test_a_folder_is_put_together(places):
    run(1).write(places.folder / "runs" / "m33" / "head.json")
    run(2, "m0", created=CREATED + timedelta(days=1), changed=True).write(places.folder / "runs" / "m0" / "head.json")
    run(1).write(places.folder / "runs" / "again.json")
    (places.folder / "runs" / "junit.xml").write_text("<x/>")
    (places.folder / "runs" / "loop").symlink_to(places.folder / "runs")
    found = load_run("runs", places)
    assert sorted(values(found)) == [("m0", "a", 2), ("m33", "a", 1)]
    assert (found.revision, found.changed, found.created) == ("a" * 40, True, CREATED + timedelta(days=1))
    assert found.provenance.keys() == {"m33", "m0"}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (run(2), "m33 / a / instructions is 1 in runs/1.json, but 2 in runs/2.json"),
        (
            run(1, case="b", provenance={"m33": CONDITIONS.model_copy(update={"emulator": "QEMU 10"})}),
            "runs/1.json and runs/2.json measured m33 under different conditions",
        ),
    ],
)
def test_files_that_contradict_each_other(places, other, why):
    run(1).write(places.folder / "runs" / "1.json")
    other.write(places.folder / "runs" / "2.json")
    with pytest.raises(MeasurementsInvalid, match=why):
        load_run("runs", places)


def test_what_differs_between_commits_is_no_contradiction(places):
    run(1, natmods={"iir/m": "0" * 64}).write(places.folder / "runs" / "1.json")
    run(1, "m0", revision="b" * 40, natmods={"iir/m": "1" * 64}).write(places.folder / "runs" / "2.json")
    found = load_run("runs", places)
    assert (found.revision, found.natmods) == ("", {})


def test_an_archive(places):
    data = zipped(**{"m33/head.json": run(1).to_json(), "m0/head.json": run(2, "m0").to_json(), "log.txt": "x"})
    (places.folder / "artifact.zip").write_bytes(data)
    assert sorted(values(load_run("artifact.zip", places))) == [("m0", "a", 2), ("m33", "a", 1)]


def test_a_saved_baseline(places):
    run(4).write(baselines_dir(places.folder) / "before.json")
    assert values(load_run("before", places)) == values(load_run("saved:before", places)) == [("m33", "a", 4)]


def test_a_committed_file_as_large_as_any_may_be(repository, places):
    file = repository / "baselines" / "m33.json"
    file.write_text(file.read_text() + " " * (30 << 20))
    subprocess.run(["git", "commit", "-qam", "large"], cwd=repository, check=True, timeout=60)
    assert values(load_run("HEAD:baselines/m33.json", places)) == [("m33", "a", 5)]


def test_committed_baselines(repository, places):
    assert sorted(values(load_run("HEAD", places))) == [("m0", "a", 2), ("m33", "a", 5)]
    assert sorted(values(load_run("v1", places))) == [("m0", "a", 2), ("m33", "a", 1)]
    assert sorted(values(load_run("HEAD~1", places))) == [("m0", "a", 2), ("m33", "a", 1)]
    assert values(load_run("main:elsewhere.json", places)) == [("m33", "a", 9)]
    assert values(load_run("git:v1:baselines/m33.json", places)) == [("m33", "a", 1)]
    assert values(load_run("main", Places(repository, "elsewhere.json"))) == [("m33", "a", 9)]


def test_names_that_mean_two_things(repository, places):
    run(4).write(baselines_dir(repository) / "main.json")
    with pytest.raises(
        MeasurementsInvalid, match="main is both a saved baseline and a commit: say saved:main or git:main"
    ):
        load_run("main", places)
    assert values(load_run("saved:main", places)) == [("m33", "a", 4)]
    assert len(values(load_run("git:main", places))) == 2


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("nothing", "there is no 'nothing': no file, folder, saved baseline or commit"),
        ("--output=x", "there is no '--output=x'"),
        ("git:--output=x", "there is no commit '--output=x'"),
        ("main:--output=x", "has no measurements at --output=x"),
        ("main:../../etc", "did not work"),
        ("main:nothing", "has no measurements at nothing: no .json file"),
        ("main:baselines/README.md", "no .json file"),
        ("saved:../elsewhere", "elsewhere.json cannot be read: No such file"),
        ("a\0b", "there is no 'a"),
        ("a\nb\x1b[2J", "there is no 'a"),
        ("x" * 5000, "there is no 'xxx"),
        ("", "there is no '': no file"),
        ("/dev/zero", "/dev/zero cannot be read: it is a pipe, a socket or a device"),
        ("empty", "empty holds no measurements: no .json file"),
    ],
)
def test_what_is_not_there(repository, places, source, why):
    (repository / "empty").mkdir()
    with pytest.raises(MeasurementsInvalid) as raised:
        load_run(source, places)
    assert why in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert sorted(path.name for path in repository.iterdir()) == [".git", "baselines", "elsewhere.json", "empty"]


# --- hostile ones -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (zipped(**{"../head.json": run().to_json()}), "is no plain path"),
        (zipped(**{"/head.json": run().to_json()}), "is no plain path"),
        (zipped(**{"a\\..\\head.json": run().to_json()}), "is no plain path"),
        (zipped(**{"head.json": "{}"}), "head.json in x.zip is not a file of measurements"),
        (zipped(**{"head.txt": "{}"}), "x.zip holds no measurements: no .json file"),
        (zipped(**{f"{n}.json": "{}" for n in range(1001)}), "holds more than 1000 files"),
        (zipped(**{"a.json": run(1).to_json(), "b.json": run(2).to_json()}), "is 1 in a.json, but 2 in b.json"),
        (zipped(**{"head.json": b" " * (33 << 20)}), "head.json in x.zip is larger than 32 MiB"),
        (zipped(**{f"{n}.json": b" " * (30 << 20) for n in range(5)}), "expands to more than 128 MiB"),
        (zipped(head=b"")[:20], "not a zip archive"),
        (b"PK\x03\x04" + bytes(70 << 20), "is larger than 64 MiB"),
    ],
    ids=["up", "absolute", "backslash", "empty", "none", "many", "contradiction", "large", "bomb", "cut", "huge"],
)
def test_archives_that_are_refused(places, archive, why):
    (places.folder / "x.zip").write_bytes(archive)
    start = time.process_time()
    with pytest.raises(MeasurementsInvalid) as raised:
        load_run("x.zip", places)
    assert why in str(raised.value)
    assert time.process_time() - start < 10
    assert os.listdir(places.folder) == ["x.zip"]  # noqa: PTH208 - names


def test_folders_of_too_much(places, monkeypatch):
    (places.folder / "runs").mkdir()
    for number in range(3):
        with (places.folder / "runs" / f"{number}.json").open("wb") as file:
            file.truncate(30 << 20)
    with pytest.raises(MeasurementsInvalid, match="runs holds more than 64 MiB of measurements"):
        load_run("runs", places)
