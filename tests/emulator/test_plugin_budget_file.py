"""A project's file of budgets, as pytest users meet it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.emulator.projects import run, section, write

TESTS = """
def test_sums(board):
    with board.count("sum"):
        board.exec("for i in range(100): pass")
"""
BUDGETS = '["*: sum"]\ninstructions = {}\n\n["m0/*"]\ninstructions = 5\n'


@pytest.mark.parametrize("workers", [[], ["-n1"]], ids=["alone", "xdist"])
def test_a_run_that_takes_more_fails(project: pytest.Pytester, workers: list[str]) -> None:
    write(project, test_sums=TESTS)
    budgets = project.path / "budgets.toml"
    budgets.write_text(BUDGETS.format(10))
    result = run(project, *workers, "--measurements", "run.json")
    assert result.ret == 1
    result.assert_outcomes(passed=1)
    (text,) = section(result, "measurements")
    assert "test_sums.py::test_sums: sum on m33: instructions" in text
    assert "at most 10 are allowed for *: sum" in text
    assert "budgets.toml: 1 budget, 1 exceeded; nothing was measured for 1 other" in text
    subprocess.run(
        [sys.executable, "-m", "mpy_harness", "budgets", "run.json", "--renew"],
        check=True, cwd=project.path, timeout=60, capture_output=True,
    )  # fmt: skip
    assert "instructions = 10\n" not in budgets.read_text()
    result = run(project, *workers, "-v")
    assert result.ret == 0
    (text,) = section(result, "measurements")
    assert "budgets.toml: 1 budget, all kept" in text
    assert "9" in text.split("share")[1]  # with -v the table of what is used, here above 90 %


def test_a_file_that_is_wrong_is_told_at_once(project: pytest.Pytester) -> None:
    write(project, test_sums=TESTS)
    (project.path / "budgets.toml").write_text("instructions = 5\n")
    result = run(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "budgets.toml: instructions: a table for a glob of cases is wanted" in result.stderr.str()


def test_time_on_parts(project: pytest.Pytester) -> None:
    write(project, test_sums=TESTS)
    (project.path / "budgets.toml").write_text('["*: sum"]\ntime = { rp2350 = "1us" }\n')
    result = run(project, "--part", "rp2350", "--part", "nrf52840", "--measurements", "run.json")
    assert result.ret == 1
    result.assert_outcomes(passed=1)
    (table,) = section(result, "estimated time")
    head, row = table.strip().splitlines()[:2]
    assert head.split() == ["case", "on", "m33", "nrf52840", "rp2350"]
    slow, fast = row.split()[-4:-2], row.split()[-2:]
    assert slow[1] == fast[1] == "µs"
    assert float(slow[0]) > 1.8 * float(fast[0]) > 0  # by their clocks, and a little by their cores
    (text,) = section(result, "measurements")
    assert "time/rp2350" in text
    assert "at most 1 are allowed for *: sum" in text


def test_parts_that_run_other_code(project: pytest.Pytester) -> None:
    write(project, test_sums=TESTS)
    result = run(project, "--part", "rp2040")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "rp2040 (armv6m) runs other code than m33 (armv7emsp)" in result.stderr.str()
