"""``mpy-harness bisect`` in real checkouts; a board boots at each commit."""

from __future__ import annotations

import shutil
import sys

import pytest

from tests import warm
from tests.ci.repositories import commit, git, new_repository

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed; on Debian: apt install git")

LOOP = 'def test_loop(board):\n    with board.count("loop"):\n        board.exec("for i in range({}): pass")\n'


@pytest.fixture
def repository(tmp_path):
    return new_repository(tmp_path / "user")


@pytest.fixture
def bisect(repository):
    def run(*arguments):
        words = [*arguments, "--pytest-args", "-q -p no:cacheprovider tests"]
        return warm.run([sys.executable, "-m", "mpy_harness", "bisect", *words], cwd=repository, timeout=300)

    return run


def test_the_commit_is_found_beside_the_users_work(repository, bisect):
    commits = [
        commit(repository, {"tests/test_it.py": LOOP.format(10 if n < 4 else 20), "n": str(n)}, f"change {n}")
        for n in range(6)
    ]
    git(repository, "checkout", "--quiet", commits[2])
    (repository / "n").write_text("work in progress")
    done = bisect(commits[0], "main", "--case", "*loop", "--metric", "instructions")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{commits[4]} made it worse: change 4\n1 measurement got worse\n" in done.stdout
    assert sum(line.startswith("mpy-harness: ") for line in done.stdout.splitlines()) <= 5  # both ends, and three
    assert (repository / "n").read_text() == "work in progress"
    assert git(repository, "worktree", "list").count("\n") == 0


def test_commits_that_cannot_be_measured_are_left_out(repository, bisect):
    broken = "def test_loop(board):\n    raise ValueError\n"
    texts = [LOOP.format(10), broken, LOOP.format(20)]
    commits = [commit(repository, {"tests/test_it.py": text}, f"change {n}") for n, text in enumerate(texts)]
    done = bisect(commits[0], commits[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"or one of 1 commit before it that could not be measured:\n    {commits[1]}\n" in done.stdout


def test_what_cannot_be_searched_is_said(repository, bisect):
    first, second = (commit(repository, {"tests/test_it.py": LOOP.format(10), "n": str(n)}) for n in range(2))
    for arguments, why in (
        ([second, first], "is not an earlier commit of the same history"),
        ([first, "v9"], "there is no commit 'v9'"),
        ([first, second], "is worse at"),
        ([first, second, "--case", "nothing"], "nothing was measured that --case and --metric match"),
    ):
        done = bisect(*arguments)
        assert done.returncode == 2
        assert why in done.stderr
