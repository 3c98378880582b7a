"""Boards as tests ask for them: several in one test, of several releases, and in ways that cannot be."""

from __future__ import annotations

import re

import pytest

from mpy_harness.measurements.run import read_run
from tests.emulator.projects import run, section, write

SEVERAL = """
import numpy as np


def test_two(board, another_board, natmod):
    other = another_board()
    board.exec("x = 1")
    other.exec("x = 2")
    assert (board.eval("x"), other.eval("x")) == (1, 2)
    module = natmod("iir", board=other)
    with other.count("there"):
        other.exec("y = x")
    assert other.natmods and not board.natmods and not board.counts


def test_one_fails(board, another_board):
    other = another_board()
    board.exec("print('the first')")
    other.exec("print('the second'); 1 / 0")


def test_fresh(board, another_board):
    other = another_board()
    assert not other.eval("'x' in globals()") and not other.counts
"""


def test_a_test_can_have_two_boards(project):
    write(project, test_it=SEVERAL)
    result = run(project, "--measurements", "run.json")
    result.assert_outcomes(passed=2, failed=1)
    out = result.stdout.str()
    assert re.search(r"console lines of board 1, m33 -+\nthe first\n", out)
    assert re.search(r"console lines of board 2, m33 -+\nthe second\n", out)
    measured = {each.case for each in read_run(project.path / "run.json").measurements}
    assert "test_it.py::test_two: there" in measured
    logs = section(result, "console log of board 1, m33") + section(result, "console log of board 2, m33")
    assert len(set(logs)) == 2


SCOPES = """
import pytest


@pytest.fixture(scope="module")
def prepared(board):
    return board


class TestIt:
    @pytest.fixture(scope="class")
    def module(self, natmod):
        return natmod("iir")

    def test_class(self, module):
        pass


def test_module(prepared):
    pass


@pytest.fixture(scope="module")
def own(own_of_a_test):
    return 1


@pytest.fixture
def own_of_a_test():
    return 1


def test_own(own):
    pass
"""


def test_a_board_of_another_scope_says_what_to_do(project):
    write(project, test_it=SCOPES)
    result = run(project)
    result.assert_outcomes(errors=3)
    out = result.stdout.str()
    assert out.count("is fresh for each test: a board is reset") >= 2
    assert "board is fresh for each test" in out
    assert 'leave scope="module" out' in out
    assert "natmod is fresh for each test" in out
    assert 'leave scope="class" out' in out
    assert "prepared(board)" in out  # pytest's own words say where


REGIONS = """
import pytest
from mpy_harness.errors import RegionUnused


@pytest.mark.parametrize("measure", ["count", "allocations"])
def test_asked(board, measure):
    region = getattr(board, measure)("f")
    with pytest.raises(AttributeError, match=rf"Write: with board.{measure}\\('f'\\) as"):
        region.bytes if measure == "allocations" else region.instructions


def test_dropped(board):
    with pytest.warns(RegionUnused, match=r"Write: with board.count\\(\\) as count:"):
        board.count()


def test_used(board):
    with board.count() as count, board.allocations() as taken:
        board.exec("x = [1]")
    assert count.instructions and taken.count
"""


def test_a_region_without_with_says_what_to_write(project):
    write(project, test_it=REGIONS)
    run(project, "-W", "error").assert_outcomes(passed=4)


def test_releases_of_one_target_are_told_apart(project):
    write(project, test_it="def test_it(board): pass")
    both = run(project, "--collect-only", "-q", "--target", "m33@1.25.0", "--target", "m33", "--target", "m33@1.26.1")
    both.stdout.fnmatch_lines(["test_it.py::test_it[[]m33@1.25.0[]]", "test_it.py::test_it[[]m33[]]"])
    assert "m33@1.26.1" not in both.stdout.str()  # is m33
    alone = run(project, "--collect-only", "-q", "--target", "m33@1.25.0")
    alone.stdout.fnmatch_lines(["test_it.py::test_it[[]m33[]]"])


def test_a_release_that_is_not_there_is_told_once(project):
    write(project, test_it="def test_one(board): pass\ndef test_two(board): pass\n")
    result = run(project, "--target", "m33@9.9.9")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert re.search(r"no archive of MicroPython 9\.9\.9 is pinned here \(pinned: .*1\.26\.1", result.stderr.str())


BUDGETS = """
import pytest


@pytest.mark.budget(instructions=100_000, heap="4 KiB")
@pytest.mark.budget(instructions=50_000, region="part")
def test_it(board):
    with board.count("part"):
        board.exec("x = 1")
"""


def test_passed_budgets_show_their_use(project):
    write(project, test_it=BUDGETS)
    (table,) = section(run(project, "-v"), "budgets")
    assert re.search(r"test_it\[m33\] +instructions +[\d,]+ +≤ 100,000 +\d+\.\d%", table)
    assert re.search(r"test_it\[m33\] +part +instructions +[\d,]+ +≤ 50,000 +\d+\.\d%", table)
    assert re.search(r"test_it\[m33\] +heap B +[\d,]+ +≤ 4,096 +\d+\.\d%", table)
    assert not section(run(project), "budgets")


KEEPS = """
import pytest

PLACE = "__import__('uctypes').bytearray_at({place}, 1)"


def test_writes(board):
    board.exec(PLACE.format(place=board.target.window.address + board.target.window.size - 1) + "[0] = 7")


def is_kept(board):
    return board.eval(PLACE.format(place=board.target.window.address + board.target.window.size - 1) + "[0]") == 7


def test_machine_of_the_test_before(board):
    assert is_kept(board)


@pytest.mark.reset("hard")
def test_new_machine(board):
    assert not is_kept(board)


@pytest.mark.reset("cold")
def test_wrong(board):
    pass
"""


def test_resets_of_the_whole_machine(project):
    write(project, test_it=KEEPS)
    result = run(project)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*pytest.mark.reset takes one of 'soft', 'hard'"])
    result = run(project, "--board-reset", "hard", "-k", "not wrong")
    result.assert_outcomes(passed=2, failed=1, deselected=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_machine_of_the_test_before*"])
    assert run(project, "--board-reset", "cold").ret == pytest.ExitCode.USAGE_ERROR
