"""The repository against the guide of Scientific Python, with the exceptions that pyproject.toml gives reasons for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_review_finds_nothing() -> None:
    for module in ("repo_review", "sp_repo_review"):
        pytest.importorskip(module, reason="the review needs sp-repo-review: pip install 'mpy-harness[dev]'")
    done = subprocess.run(
        [sys.executable, "-m", "repo_review", ".", "--format", "json"],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    checks = json.loads(done.stdout)["checks"]
    assert len(checks) > 40, done.stderr
    assert {name: check["err_msg"] for name, check in checks.items() if check["result"] is False} == {}
