"""Every benchmark runs, in its short form."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pseudo_terminals import pseudo_terminal

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))
#: How lines of its table begin.
MEASURED = {
    "counting": ["plugin", "none", "count", "instructions", "classes", "functions", "memory"],
    "estimate": ["model", "fir, iir, fft", "the longest took"],
    "latency": ["boot to a ready board", "a call of abs(1)", "reset between two tests", "hard reset between two tests"],
    "memcheck": ["plugin", "none", "checked", "counted", "checked and counted"],
    "natmod_suite": ["runner", "run-natmodtests.py", "mpy-harness, one board", "mpy-harness, two boards"],
    "orders": ["order", "--order files", "--order reversed", "-n 2"],
    "transport": ["8 KiB", "shared window", "raw REPL"],
}


@pytest.mark.parametrize("script", BENCHMARKS, ids=lambda script: script.stem)
def test_short_form(script: Path) -> None:
    if script.stem == "natmod_suite":  # MicroPython's runner has its QEMU on one
        for end in pseudo_terminal():
            os.close(end)
    done = subprocess.run(
        [sys.executable, script, "--short"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    for measured in MEASURED.get(script.stem, []):
        assert any(line.startswith(measured) for line in lines), done.stdout
