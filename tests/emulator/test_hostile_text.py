"""What a guest says cannot steer the terminal or the CI log that shows it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.emulator.projects import run, write

HOSTILE = r"\x1b]0;title\x07\n::error file=x::guest\n##[error]guest\r\x1b[2J"
TESTS = f"""
import numpy as np
import pytest

TEXT = "{HOSTILE}"

def test_raises(board):
    board.exec("print({HOSTILE!r})\\nraise ValueError({HOSTILE!r})".replace("\\\\\\\\", "\\\\"))

def test_prints(board):
    print(TEXT)
    board.exec("print('" + TEXT.encode("unicode_escape").decode() + "')")
    assert board.output == ""

def test_name(board, golden):
    golden.check([1.0], [1.0], case="##[error]" + TEXT, metric="exact", limit=0)
"""


def assert_harmless(text: str) -> None:
    assert "\x1b]" not in text
    assert "\x1b[2J" not in text
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


@pytest.mark.parametrize(
    "options", [[], ["-n", "1", "-rA"], ["--tb=short", "-rA", "--showlocals"]], ids=["plain", "xdist", "short"]
)
def test_reports(project, options):
    write(project, test_it=TESTS, script=f"print('{HOSTILE}')\nraise ValueError('{HOSTILE}')\n")
    result = run(project, "test_it.py", "--device-scripts", "script.py", *options)
    result.assert_outcomes(failed=3, passed=1)
    out = result.stdout.str()
    assert r"\x3a:error file=x::guest" in out
    assert r"\x23#[error]guest\r\x1b[2J" in out
    assert_harmless(out)


def test_errors_of_run(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"raise ValueError('{HOSTILE}')\n")
    command = [sys.executable, "-m", "mpy_harness", "run", str(script)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert r"\x3a:error file=x::guest" in result.stderr
    assert_harmless(result.stderr)
