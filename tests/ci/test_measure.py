"""``mpy-harness ci measure`` in real checkouts; a board boots where something is measured."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

from mpy_harness.github.artifacts import JobResult
from mpy_harness.github.comment import comment_body
from mpy_harness.measurements.run import read_run
from tests import warm
from tests.ci.repositories import commit, git, new_repository

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
        words = ["--output", str(tmp_path / "out"), "--pytest-args", "-q -p no:cacheprovider tests", *arguments]
        command = [sys.executable, "-m", "mpy_harness", "ci", "measure", *words]
        return warm.run(command, cwd=repository, env=kept | environment, timeout=300)

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
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as for what a shell starts in the background
    try:
        done = measure("--timeout", "0.15", "--compare", "none")
        if not alive.exists():  # a busy host: the time was over before the test had begun
            done = measure("--timeout", "2.5", "--compare", "none")
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.returncode == 2, done.stdout + done.stderr
    assert re.search(r"did not end within (0\.15|2\.5) minutes", done.stderr)
    assert "KeyboardInterrupt" in done.stdout, "it was killed, which leaves things behind"
    stopped = time.time()
    time.sleep(1)
    assert alive.stat().st_mtime <= stopped


def test_the_first_tests_have_nothing_to_be_compared_with(repository, measure, tmp_path):
    before = commit(repository, {"README": ""})
    commit(repository, {"tests/test_it.py": LOOP.format(10)})
    done = measure(event="push", payload={"before": before})
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"nothing was measured at {before[:10]}, so there is nothing to compare with" in done.stdout
    assert (tmp_path / "output").read_text() == "regressed=\n"
    assert f"Nothing was measured at `{before[:10]}`, so there is nothing" in (tmp_path / "summary").read_text()
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
    assert (tmp_path / "output").read_text() == "regressed=\nregressed=true\n"
    commit(repository, {"pyproject.toml": '[tool.mpy-harness.thresholds]\ninstructions = "1000%"\n'})
    assert measure("--compare", "baseline.json").returncode == 0


def test_a_committed_baseline_that_is_out_of_date_says_how_it_is_renewed(repository, measure, tmp_path):
    commit(repository, {"tests/test_it.py": LOOP.format(10)})
    assert measure("--compare", "none").returncode == 0
    old = (tmp_path / "out" / "head.json").read_text().replace('"toolchain": "', '"toolchain": "gcc 1.0; ')
    commit(repository, {"tests/test_it.py": LOOP.format(20), "baselines/m33.json": old})
    done = measure("--compare", "baselines/m33.json")
    assert done.returncode == 0, done.stdout + done.stderr
    command = "pytest --measurements baselines/m33.json -q -p no:cacheprovider tests"
    place = done.stdout.splitlines().index(f"    {command}")
    assert done.stdout.splitlines()[place - 1].startswith("The baseline is out of date")
    assert "### ⚠️ 1 measurement changed under other conditions" in (tmp_path / "summary").read_text()
    assert (tmp_path / "output").read_text() == "regressed=\nregressed=\n"
    # The comment is written from the artifact alone.
    base, head = read_run(tmp_path / "out" / "base.json"), read_run(tmp_path / "out" / "head.json")
    body = comment_body([JobResult("m33", head, base)])
    assert "make it anew:** `pytest --measurements baselines/m33.json`" in body


#: A pull request for a branch on which somebody else has made `b` slower meanwhile; its own change makes `a` slower.
TWO = """
import pathlib
SOURCES = pathlib.Path(__file__).parent.parent
def test_work(board):
    for name in ("a", "b"):
        board.exec((SOURCES / f"{name}.py").read_text())
        with board.count(name):
            board.call(name)
"""
WORK = "def {}():\n    for i in range({}): pass\n"


@pytest.fixture
def merged(repository):
    old = commit(repository, {"tests/test_it.py": TWO, "a.py": WORK.format("a", 100), "b.py": WORK.format("b", 100)})
    git(repository, "checkout", "--quiet", "-b", "feature")
    head = commit(repository, {"a.py": WORK.format("a", 110)})
    git(repository, "checkout", "--quiet", "main")
    now = commit(repository, {"b.py": WORK.format("b", 900)})
    git(repository, "checkout", "--quiet", "--detach")
    git(repository, "merge", "--quiet", "--no-ff", "--no-edit", "feature")
    return old, head, now


@pytest.mark.parametrize("event", ["pull_request", "merge_group"])
def test_what_others_merged_is_not_charged_to_a_change(event, merged, measure, tmp_path):
    old, head, now = merged
    sides = {"head": {"sha": head, "ref": "feature"}, "base": {"sha": old, "ref": "main"}}
    payload = {
        "pull_request": {"pull_request": {"number": 7, "state": "open", **sides}},
        "merge_group": {"merge_group": {"base_sha": now, "base_ref": "refs/heads/main"}},
    }[event]
    done = measure(event=event, payload=payload)
    assert done.returncode == 1, done.stdout + done.stderr
    assert read_run(tmp_path / "out" / "base.json").revision == now
    assert "1 measurement got worse, 3 the same" in done.stdout


def test_two_revisions_without_github(merged, repository):
    old = merged[0]
    done = subprocess.run(
        [sys.executable, "-m", "mpy_harness", "ci", "measure", "--base", old,
         "--pytest-args", "-p no:cacheprovider tests"],
        # What Python itself would leave is none of ours.
        cwd=repository, env={name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 measurements got worse, 2 the same" in done.stdout
    page = repository / ".mpy-harness" / "measured" / "report.html"
    assert str(page) in done.stdout
    assert page.is_file()
    assert git(repository, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(["--base", "v9"], "there is no commit 'v9'"), (["--base", "HEAD", "--compare", "x.json"], "either --base")],
)
def test_a_base_that_is_none_is_said(arguments, why, merged, measure):
    done = measure(*arguments)
    assert done.returncode == 2
    assert why in done.stderr


def test_a_failed_test_is_told_beside_what_got_worse(repository, measure, tmp_path):
    before = commit(repository, {"tests/test_it.py": LOOP.format(10), "tests/test_other.py": LOOP.format(10)})
    broken = "def test_loop(board):\n    assert 0\n"
    commit(repository, {"tests/test_it.py": LOOP.format(20), "tests/test_other.py": broken})
    done = measure(event="push", payload={"before": before})
    assert done.returncode == 1
    summary = (tmp_path / "summary").read_text()
    assert summary.startswith("### ❌ 1 measurement got worse, 1 test failed, ")
    assert "`tests/test_other.py::test_loop`" in summary
    assert "disappeared" not in summary


def test_a_change_does_not_excuse_itself(repository, measure):
    before = commit(repository, {"tests/test_it.py": LOOP.format(10)})
    loose = '[tool.mpy-harness.thresholds]\ninstructions = "1000%"\n'
    commit(repository, {"tests/test_it.py": LOOP.format(20), "pyproject.toml": loose})
    done = measure(event="push", payload={"before": before})
    assert done.returncode == 1, done.stdout + done.stderr


def test_a_baseline_that_cannot_be_read_is_no_verdict(repository, measure):
    commit(repository, {"tests/test_it.py": LOOP.format(10), "baseline.json": "{}"})
    done = measure("--compare", "baseline.json")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "is not a file of measurements" in done.stderr


def test_in_a_hook_it_leaves_the_commit_alone_that_is_being_made(repository, tmp_path):
    # git tells hooks the index of the commit: a second checkout was written into it, and so into the commit.
    commit(repository, {"tests/test_it.py": LOOP.format(10)})
    commit(repository, {"tests/test_it.py": LOOP.format(20)})
    hook = repository / ".git" / "hooks" / "pre-commit"
    arguments = f"--base HEAD~1 --output {tmp_path / 'out'} --pytest-args '-q -p no:cacheprovider tests'"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!/bin/sh\n{shlex.quote(sys.executable)} -m mpy_harness ci measure {arguments} >{tmp_path / 'log'} 2>&1\n:\n"
    )
    hook.chmod(0o755)
    changed = LOOP.format(30)
    (repository / "tests" / "test_it.py").write_text(changed)
    git(repository, "commit", "--quiet", "--all", "-m", "third")
    assert "1 measurement got worse" in (tmp_path / "log").read_text()
    assert git(repository, "show", "HEAD:tests/test_it.py") == changed.strip()
    assert git(repository, "status", "--porcelain", "--untracked-files=no") == ""
