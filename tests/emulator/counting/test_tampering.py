"""A count that leaves something out, because guest code executed marks itself, is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mpy_harness.board import Board
from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import CountInvalid
from tests.emulator.counting import tampering
from tests.emulator.projects import run, write


@pytest.mark.parametrize("mode", ["count", "classes", "functions", "memory"])
def test_counts_of_calls(counting: Callable[[Mode], Board], mode: Mode) -> None:
    tampering.check(counting(mode))


def test_a_region_of_the_guest_that_ends_in_a_pause(counter: Board) -> None:
    counter.exec(tampering.GUEST)
    program = """
        import harness_mark
        with harness_mark.region("inner"):
            work()
            pause()
        resume()
    """
    with pytest.raises(CountInvalid, match="'inner' is not what the program"), counter.count("outer") as count:
        counter.exec(program)
    assert [(region.name, region.exact) for region in count.regions] == [("inner", False)]
    assert count.exact


def count_within_another(board: Board) -> None:
    with board.count("outer"):
        with pytest.raises(CountInvalid, match="'inner' is not"), board.count("inner"):
            board.call("run", "pause", "work")
        board.call("work")


def test_a_count_within_another(counter: Board) -> None:
    counter.exec(tampering.GUEST)
    with pytest.raises(CountInvalid, match="'outer' is not"):
        count_within_another(counter)


BUDGETS = (
    f"GUEST = '''{tampering.GUEST}'''"
    """
import pytest

@pytest.fixture
def guest(board):
    board.exec(GUEST)
    return board

@pytest.mark.budget(instructions=10_000)
def test_work_is_too_much(guest):
    guest.call("run", "work")

@pytest.mark.budget(instructions=10_000)
def test_pause(guest):
    guest.call("run", "pause", "work")

@pytest.mark.budget(instructions=10_000)
def test_end(guest):
    guest.call("run", "end", "work")

@pytest.mark.budget(instructions=10_000)
def test_end_and_begin(guest):
    guest.call("run", "end", "work", "begin")

@pytest.mark.budget(instructions=1, region="inner")
def test_region(guest):
    guest.exec('''
        import harness_mark
        pause()
        with harness_mark.region("inner"):
            work()
        resume()
    ''')

@pytest.mark.budget(instructions=10_000)
def test_nothing(guest):
    guest.call("run")
"""
)


def test_budgets_cannot_be_evaded(project: pytest.Pytester) -> None:
    write(project, test_it=BUDGETS)
    result = run(project)
    result.assert_outcomes(failed=5, passed=1)
    text = result.stdout.str()
    assert "BudgetExceeded" in text
    assert text.count("CountInvalid") >= 4
    for said in (tampering.PAUSED, tampering.ENDED):
        assert said in text
