"""The action from its first step to the comment, on a user's repository, with a real board.

What cannot be had here is GitHub itself: its runner is ``runner.py``, its API ``github_server.py``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mpy_harness.firmware import cache
from tests.ci.definitions import ACTIONS, REPOSITORY
from tests.ci.github_server import REPOSITORY as HOME
from tests.ci.github_server import GitHub
from tests.ci.repositories import commit, git, new_repository
from tests.ci.runner import Runner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed; on Debian: apt install git"),
]

TEST = """
import numpy as np

def test_gain(board, natmod):
    gain = natmod("gain")
    x = board.hold(np.arange(64, dtype=np.uint8))
    with board.count("gain"):
        gain.double(x)
"""

MODULE = r"""
#include "py/dynruntime.h"

static mp_obj_t twice(mp_obj_t samples) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(samples, &buffer, MP_BUFFER_RW);
    volatile uint8_t *at = buffer.buf;
    for (size_t i = 0; i < buffer.len; i++) {
        at[i] = at[i] + at[i];@EXTRA@
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(twice_obj, twice);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_double, MP_OBJ_FROM_PTR(&twice_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""

MAKEFILE = """
MOD = gain
SRC = gain.c
ARCH ?= armv7emsp
include $(MPY_DIR)/py/dynruntime.mk
"""


def module(extra: str = "") -> str:
    return MODULE.replace("@EXTRA@", extra)


@pytest.fixture(scope="module")
def machine(tmp_path_factory) -> Path:
    """What outlives a job: caches and artifacts, and a PATH with this Python."""
    home = tmp_path_factory.mktemp("machine")
    programs = home / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    return home


@pytest.fixture(scope="module")
def user(tmp_path_factory) -> Path:
    """A user's repository with a pull request merged onto its branch, as actions/checkout leaves it."""
    folder = new_repository(tmp_path_factory.mktemp("user") / "gains")
    commit(folder, {
        "natmods/gain/gain.c": module(), "natmods/gain/Makefile": MAKEFILE, "tests/test_gain.py": TEST,
        ".gitignore": "__pycache__\n",
    })  # fmt: skip
    git(folder, "checkout", "--quiet", "-b", "slower")
    commit(folder, {"natmods/gain/gain.c": module("\n        at[i] = at[i];")})
    git(folder, "checkout", "--quiet", "--detach", "main")
    git(folder, "merge", "--quiet", "--no-ff", "--no-edit", "slower")
    return folder


def job(machine: Path, user: Path, temp: Path, event: dict[str, object]) -> Runner:
    temp.mkdir()
    file = temp / "event.json"
    file.write_text(json.dumps(event))
    environment = {
        "PATH": f"{machine / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REPOSITORY": HOME,
        # The firmware that this machine has built already; the copies that caches keep of it are real ones.
        cache.ENVIRONMENT: str(cache.cache_root()),
    }
    return Runner(user, temp / "temp", machine, environment)


def pull_request(user: Path) -> dict[str, object]:
    base, head = git(user, "rev-parse", "main"), git(user, "rev-parse", "slower")
    return {"pull_request": {"number": 7, "state": "open", "head": {"sha": head}, "base": {"sha": base}}}


def more_instructions(text: str) -> int:
    """Return by how much the region grew: at least a load and a store for each of 64 samples."""
    (row,) = (line for line in text.splitlines() if "test_gain: gain" in line and line.startswith(("worse", "| ")))
    (more,) = re.findall(r"\+(\d+)(?= )", row)
    assert int(more) >= 2 * 64
    return int(more)


INPUTS = {"natmods": "natmods", "pytest-args": "tests -p no:cacheprovider"}


@pytest.fixture(scope="module")
def measured(machine, user, tmp_path_factory) -> Runner:
    runner = job(machine, user, tmp_path_factory.mktemp("job") / "first", pull_request(user))
    runner.result = runner.run(ACTIONS[0].parent, INPUTS)  # type: ignore[attr-defined]
    return runner


def test_a_pull_request_that_makes_it_slower_fails(measured):
    done = measured.step("Test and compare")
    assert measured.result == "failure", [step.output for step in measured.steps]
    assert [step.name for step in measured.steps if step.outcome == "failure"] == ["Test and compare"], done.output
    assert "1 passed" in done.output
    assert measured.outputs["regressed"] == "true"
    assert "::group::tests" in done.output
    assert more_instructions(done.output) % 64 == 0
    assert "::error file=tests/test_gain.py,line=4,title=instructions got worse::" in done.output


def test_the_summary_says_by_how_much_and_where(measured):
    assert "### ❌" in measured.summary
    assert more_instructions(measured.summary) % 64 == 0


def test_the_checkout_is_as_it_was(measured, user):
    assert git(user, "status", "--porcelain") == ""
    assert git(user, "worktree", "list").count("\n") == 0


def test_firmware_is_kept_for_the_next_job(measured, machine, user, tmp_path):
    assert measured.step("actions/cache/save").outcome == "success"
    runner = job(machine, user, tmp_path / "second", pull_request(user))
    runner.environment = {**runner.environment, cache.ENVIRONMENT: str(tmp_path / "cache")}
    # The venv is the one that the first job made: what is looked at here is the cache.
    (tmp_path / "second" / "temp").mkdir()
    (tmp_path / "second" / "temp" / "mpy-harness").symlink_to(measured.temp / "mpy-harness")
    environment = {"MPY_HARNESS_CACHE": str(tmp_path / "cache"), "PATH": runner.environment["PATH"]}
    command = str(measured.temp / "mpy-harness" / "bin" / "mpy-harness")
    output = tmp_path / "output"
    subprocess.run([command, "ci", "cache-key", "m33"], env={**environment, "GITHUB_OUTPUT": str(output)}, check=True)
    facts = dict(line.split("=", 1) for line in output.read_text().splitlines())
    shutil.copytree(machine / "caches" / facts["key"], facts["path"], symlinks=True)
    done = subprocess.run([command, "setup", "m33"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "building" not in done.stdout + done.stderr
    assert "download" not in done.stdout + done.stderr


def others_merged(user: Path) -> dict[str, object]:
    """Return the event of the pull request as it was before others made the same module slower."""
    event = pull_request(user)
    git(user, "checkout", "--quiet", "main")
    commit(user, {"natmods/gain/gain.c": module("\n        at[i] = at[i]; at[i] = at[i]; at[i] = at[i];")})
    git(user, "checkout", "--quiet", "--detach", "main")
    git(user, "checkout", "--quiet", "-B", "slower", "main")
    head = commit(user, {"README": "nothing that counts"})
    git(user, "checkout", "--quiet", "--detach", "main")
    git(user, "merge", "--quiet", "--no-ff", "--no-edit", "slower")
    return {"pull_request": {**event["pull_request"], "head": {"sha": head}}}  # type: ignore[dict-item]


def group(user: Path) -> dict[str, object]:
    return {"merge_group": {"base_sha": git(user, "rev-parse", "main"), "base_ref": "refs/heads/main"}}


def first(user: Path) -> dict[str, object]:
    git(user, "checkout", "--quiet", "--orphan", "bare")
    git(user, "rm", "-rfq", ".")
    before = commit(user, {"README": "no tests yet"})
    git(user, "checkout", "--quiet", "slower", "--", ".")
    commit(user, {})
    return {"before": before}


def broken(user: Path) -> dict[str, object]:
    commit(user, {"tests/test_more.py": "def test_more(board):\n    raise ValueError\n"})
    return group(user)


def outdated(user: Path) -> dict[str, object]:
    kept = (user.parent / "head.json").read_text().replace('"toolchain": "', '"toolchain": "gcc 1.0; ')
    commit(user, {"baselines/m33.json": kept.replace('"value": ', '"value": 1')})
    return group(user)


@pytest.mark.parametrize(
    ("event", "change", "more", "title", "regressed"),
    [
        ("pull_request", others_merged, {}, "### ✅ No measurement got worse", "false"),
        ("merge_group", group, {}, "### ❌ `twice` (`gain`): +", "true"),
        ("push", first, {}, "### 10 measurements", ""),
        ("merge_group", broken, {}, "### ❌ `twice` (`gain`): +", "true"),
        ("merge_group", outdated, {"compare": "baselines/m33.json"}, "### ⚠️ ", ""),
    ],
)
def test_every_event_has_its_verdict(event, change, more, title, regressed, measured, machine, user, tmp_path):
    git(tmp_path, "clone", "--quiet", "--no-hardlinks", str(user), "gains")
    clone = tmp_path / "gains"
    for branch in ("main", "slower"):
        git(clone, "branch", "--force", branch, git(user, "rev-parse", branch))
    shutil.copy(Path(measured.outputs["measurements"]) / "head.json", tmp_path)
    git(clone, "checkout", "--quiet", "--detach", git(user, "rev-parse", "HEAD"))
    runner = job(machine, clone, tmp_path / "job", change(clone))
    runner.environment = {**runner.environment, "GITHUB_EVENT_NAME": event}
    (tmp_path / "job" / "temp").mkdir()
    # Spares pip the downloads.
    shutil.copytree(measured.temp / "mpy-harness", tmp_path / "job" / "temp" / "mpy-harness", symlinks=True)
    arguments = "tests -p no:cacheprovider --counting functions"
    inputs = {**INPUTS, "pytest-args": arguments, "label": change.__name__, **more}
    result = runner.run(ACTIONS[0].parent, inputs)
    output = runner.step("Test and compare").output
    assert runner.summary.startswith(title), "\n".join(step.output for step in runner.steps)
    assert runner.outputs["regressed"] == regressed
    assert result == ("failure" if "❌" in title else "success")
    if change is broken:
        assert "1 test failed" in runner.summary.splitlines()[0]
        assert "disappeared" not in runner.summary
    if change is outdated:
        assert "`pytest --measurements baselines/m33.json " in runner.summary
        assert "::warning title=mpy-harness::" in output


def test_the_comment_is_written_from_the_artifact(measured, machine, tmp_path):
    archive = (machine / "artifacts" / "mpy-harness-m33.zip").read_bytes()
    event: dict[str, object] = {
        "workflow_run": {
            "id": 5, "event": "pull_request", "head_sha": "a1" * 20, "head_branch": "slower",
            "head_repository": {"full_name": "guest/filters"},
        }
    }  # fmt: skip
    with GitHub() as github:
        github.pull(7, "a1" * 20, "slower")
        github.artifact("mpy-harness-m33", archive)
        nothing = tmp_path / "nothing"
        nothing.mkdir()
        runner = job(machine, nothing, tmp_path / "third", event)
        runner.environment = {
            **runner.environment, "GITHUB_EVENT_NAME": "workflow_run", "GITHUB_API_URL": github.address,
        }  # fmt: skip
        result = runner.run(ACTIONS[1].parent, token=github.token)
        assert result == "success", [step.output for step in runner.steps]
        (comment,) = github.comments
    assert comment["issue"] == 7
    assert "### ❌" in comment["body"]
    assert more_instructions(comment["body"]) == more_instructions(measured.summary)
    assert all(github.token not in step.output for step in runner.steps)
    assert REPOSITORY.name not in comment["body"]
