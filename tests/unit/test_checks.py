"""One list of checks: pre-commit runs what ./bootstrap test runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CHECKS = REPOSITORY / "ci" / "checks"


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    tools = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **tools, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_pre_commit_has_the_checks_of_the_script_and_no_others() -> None:
    (repository,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    assert [hook["id"] for hook in repository["hooks"]] == run(CHECKS, "--list").stdout.split()
    assert all(hook["entry"] == f"ci/checks {hook['id']}" for hook in repository["hooks"])


def test_bootstrap_runs_the_script() -> None:
    assert "        ci/checks\n" in (REPOSITORY / "bootstrap").read_text()


def test_a_check_that_is_not_there_is_an_error() -> None:
    done = run(CHECKS, "mypi")
    assert done.returncode == 2
    assert "there is no check 'mypi', only: ruff-check" in done.stderr


def test_pre_commit_runs_a_check(tmp_path: Path) -> None:
    pytest.importorskip("pre_commit", reason="pre-commit is not installed: pip install mpy-harness[dev]")
    if not (REPOSITORY / ".git").exists():
        pytest.skip("pre-commit needs a git checkout")
    done = run("pre-commit", "run", "import-linter", "--all-files", PRE_COMMIT_HOME=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
