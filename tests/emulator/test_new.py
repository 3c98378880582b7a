"""What new-workload and new-natmod write runs at once, and a name or place that will not do is told."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(("what", "place", "passed"), [("workload", "cases/my_sums", 3), ("natmod", "my_gain", 4)])
def test_what_is_written_runs_as_its_advice_says(tmp_path, what, place, passed):
    written = command(tmp_path, "-m", "mpy_harness", f"new-{what}", place)
    assert written.returncode == 0, written.stderr
    *files, advice = written.stdout.splitlines()
    assert {str(file.relative_to(tmp_path)) for file in (tmp_path / place).iterdir()} == set(files)
    for file in files:
        text = (tmp_path / file).read_text()
        assert "NAME" not in text
        assert "CLASS" not in text
    program, *words = shlex.split(advice.removeprefix("Run it: "))
    assert program == "pytest"
    run = command(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words)
    assert f"{passed} passed" in run.stdout, run.stdout + run.stderr


@pytest.mark.parametrize("name", ["my-sums", "1st", "class", "größe", "a b", "."])
def test_a_name_that_is_none_of_a_module(tmp_path, name):
    told = command(tmp_path, "-m", "mpy_harness", "new-natmod", name)
    assert told.returncode == 2
    assert told.stderr.startswith("mpy-harness: the folder's name is a module's, and ")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    told = command(tmp_path, "-m", "mpy_harness", "new-workload", "mine")
    assert told.returncode == 2
    assert "mine is there already. Name a folder that is not, or remove it." in told.stderr
    assert not list((tmp_path / "mine").iterdir())
    (tmp_path / "file").touch()
    told = command(tmp_path, "-m", "mpy_harness", "new-workload", "file/mine")
    assert "cannot be made" in told.stderr
    assert "Traceback" not in told.stderr
