"""``mpy-harness ci measure`` in real checkouts; a board boots where something is measured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from mpy_harness.measurements.run import read_run
from tests.ci.repositories import commit, new_repository

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed; on Debian: apt install git")

NOTHING = "def test_nothing():\n    pass\n"
LOOP = 'def test_loop(board):\n    with board.count("loop"):\n        board.exec("for i in range({}): pass")\n'


@pytest.fixture
def repository(tmp_path):
    return new_repository(tmp_path / "user")


@pytest.fixture
def measure(repository, tmp_path):
    def run(*arguments, event="", payload=None, **environment):
        (tmp_path / "event.json").write_text(json.dumps(payload or {}))
        environment = {
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            **environment,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GITHUB_"))}
        return subprocess.run(
            [sys.executable, "-m", "mpy_harness", "ci", "measure", "--output", str(tmp_path / "out"),
             "--pytest-args", "-q -p no:cacheprovider tests", *arguments],
            cwd=repository, env=kept | environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return run


def test_no_measurement_is_no_success(repository, measure, tmp_path):
    commit(repository, {"tests/test_it.py": NOTHING})
    done = measure("--compare", "none")
    assert done.returncode == 2
    assert "no test measured anything" in done.stderr
    assert not (tmp_path / "summary").exists()


def test_figures_of_an_earlier_run_are_not_taken_for_this_ones(repository, measure, tmp_path):
    commit(repository, {"tests/test_it.py": NOTHING})
    (tmp_path / "out").mkdir()
    for name in ("head.json", "base.json", "comparison.csv"):
        (tmp_path / "out" / name).write_text("old")
    assert measure("--compare", "none").returncode == 2
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failed_test_fails(repository, measure):
    commit(repository, {"tests/test_it.py": "def test_it():\n    assert 0\n"})
    assert measure("--compare", "none").returncode == 1


def test_arguments_that_are_none_are_said(repository, measure):
    commit(repository, {"tests/test_it.py": NOTHING})
    done = measure("--pytest-args", "'tests")
    assert done.returncode == 2
    assert "cannot be split into words" in done.stderr


def test_tests_without_end_are_ended(repository, measure, tmp_path):
    alive = tmp_path / "alive"
    commit(repository, {"tests/test_it.py": f"""
import pathlib, time
def test_it(board):
    for _ in range(3000):
        pathlib.Path({str(alive)!r}).touch()
        time.sleep(0.1)
"""})  # fmt: skip
    done = measure("--timeout", "0.15", "--compare", "none")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "did not end within 0.15 minutes" in done.stderr
    stopped = time.time()
    time.sleep(1)
    assert alive.stat().st_mtime <= stopped


def test_the_first_tests_have_nothing_to_be_compared_with(repository, measure, tmp_path):
    before = commit(repository, {"README": ""})
    commit(repository, {"tests/test_it.py": LOOP.format(10)})
    done = measure(event="push", payload={"before": before})
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"nothing was measured at {before[:10]}, so there is nothing to compare with" in done.stdout
    assert (tmp_path / "output").read_text() == "regressed=false\n"
    assert "measurement" in (tmp_path / "summary").read_text()
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"head.json", "comparison.csv", "report.html"}


def test_the_same_on_both_sides_differs_in_nothing(repository, measure, tmp_path):
    before = commit(repository, {"tests/test_it.py": LOOP.format(10)})
    commit(repository, {"README": "better"})
    done = measure(event="push", payload={"before": before})
    assert done.returncode == 0, done.stdout + done.stderr
    head, base = read_run(tmp_path / "out" / "head.json"), read_run(tmp_path / "out" / "base.json")
    assert head.measurements == base.measurements
    assert base.revision == before != head.revision
    assert not head.changed
    assert not base.changed


def test_a_committed_baseline_and_its_thresholds(repository, measure, tmp_path):
    commit(repository, {"tests/test_it.py": LOOP.format(10)})
    assert measure("--compare", "none").returncode == 0
    shutil.copy(tmp_path / "out" / "head.json", repository / "baseline.json")
    commit(repository, {"tests/test_it.py": LOOP.format(20)})
    done = measure("--compare", "baseline.json")
    assert done.returncode == 1, done.stdout + done.stderr
    assert (tmp_path / "output").read_text().endswith("regressed=true\n")
    commit(repository, {"pyproject.toml": '[tool.mpy-harness.thresholds]\ninstructions = "1000%"\n'})
    assert measure("--compare", "baseline.json").returncode == 0


def test_a_change_does_not_excuse_itself(repository, measure):
    before = commit(repository, {"tests/test_it.py": LOOP.format(10)})
    loose = '[tool.mpy-harness.thresholds]\ninstructions = "1000%"\n'
    commit(repository, {"tests/test_it.py": LOOP.format(20), "pyproject.toml": loose})
    done = measure(event="push", payload={"before": before})
    assert done.returncode == 1, done.stdout + done.stderr
