"""The wheel carries targets and native modules; the resources are found there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mpy_harness.resources import natmods_dir, targets_dir

REPOSITORY = Path(__file__).resolve().parents[2]


def tracked(folder: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", folder], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    return set(listed.stdout.split())


@pytest.mark.slow
@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="not a checkout")
def test_the_wheel_carries_targets_and_natmods(tmp_path):
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", tmp_path, REPOSITORY],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("mpy_harness-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"mpy_harness/_data/{name}" for name in tracked("targets") | tracked("natmods")} <= names
    assert {name.removeprefix("harness/") for name in tracked("harness")} <= names
    unpacked = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(unpacked)
    told = subprocess.run(
        [sys.executable, "-c", "from mpy_harness.resources import *; print(targets_dir()); print(natmods_dir())"],
        cwd=unpacked,
        env={"PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout.split() == [str(unpacked / "mpy_harness/_data" / name) for name in ("targets", "natmods")]


@pytest.mark.slow
@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="not a checkout")
def test_the_wheel_is_the_same_each_time(tmp_path):
    """From another folder, with files of another age and other permissions."""
    wheels = []
    for number, mask in enumerate((0o022, 0o077)):
        copy = tmp_path / f"copy-{number}"
        for name in tracked("."):
            place = copy / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes((REPOSITORY / name).read_bytes())
            os.utime(place, (number * 1e8, number * 1e8 + 1e8))
        built = subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", copy / "dist", copy],
            env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
            umask=mask,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert built.returncode == 0, built.stderr
        (wheel,) = (copy / "dist").glob("mpy_harness-*.whl")
        wheels.append(wheel.read_bytes())
    assert wheels[0] == wheels[1]


def test_a_checkout_uses_its_own_folders():
    assert targets_dir() == REPOSITORY / "targets"
    assert natmods_dir() == REPOSITORY / "natmods"
