"""Boards in tests that pytest does not parametrize: methods of unittest.TestCase, and fixtures that are looked up."""

from __future__ import annotations

import pytest

from mpy_harness.measurements.run import read_run
from tests.emulator.projects import run, write

TESTS = """
import unittest

import pytest

class TestOfUnittest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def take_board(self, board, golden):
        self.board, self.golden = board, golden

    def test_counted(self):
        with self.board.count("sum"):
            total = self.board.eval("sum(range(10))")
        self.golden.check([float(total)], [45.0], case="total", metric="max_abs", limit=0)

    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertEqual(self.board.eval(f"{number} + 1"), number + 1)

@pytest.mark.parametrize("name", ["board"])
def test_looked_up(request, name):
    board = request.getfixturevalue(name)
    with board.count("looked up"):
        assert board.eval("1 + 1") == 2
"""


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_they_run_on_the_only_target(project, workers):
    write(project, test_it=TESTS)
    result = run(project, *workers, "--target", "m33", "--measurements", "run.json")
    assert result.ret == 0
    assert result.parseoutcomes()["passed"] == 3
    found = {(each.target, each.case) for each in read_run(project.path / "run.json").measurements}
    assert {
        ("m33", "test_it.py::TestOfUnittest::test_counted: sum"),
        ("m33", "test_it.py::test_looked_up[board]: looked up"),
        ("m33", "total"),
    } <= found


def test_with_several_targets_they_fail_with_what_to_do(project):
    write(project, test_it=TESTS)
    both = ("--target", "m33", "--target", "m4-stm32")
    result = run(project, *both)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*this test cannot run once for each target of the run (m33, m4-stm32)*"])
    assert not any("Traceback" in line for line in result.outlines)
    # The advice, followed.
    write(
        project, test_it=TESTS.replace("def test_looked_up", '@pytest.mark.usefixtures("target")\ndef test_looked_up')
    )
    run(project, *both, "-k", "looked_up").assert_outcomes(passed=2)
    assert run(project, "--target", "m33").ret == 0
