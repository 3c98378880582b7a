"""Every benchmark runs, in its short form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))
#: How lines of its table begin.
MEASURED = {
    "counting": ["plugin", "none", "count", "instructions", "classes", "functions", "memory"],
    "natmod_suite": ["runner", "run-natmodtests.py", "mpy-harness, one board", "mpy-harness, two boards"],
    "transport": ["8 KiB", "shared window", "raw REPL"],
}


@pytest.mark.parametrize("script", BENCHMARKS, ids=lambda script: script.stem)
def test_short_form(script: Path) -> None:
    done = subprocess.run(
        [sys.executable, script, "--short"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    for measured in MEASURED.get(script.stem, []):
        assert any(line.startswith(measured) for line in lines), done.stdout
