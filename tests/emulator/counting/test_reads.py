"""Regions that read the clock or random numbers: which function, how often, and that they are not judged."""

from __future__ import annotations

import pytest

from mpy_harness.board import Board
from tests.emulator.counting.conftest import Counting
from tests.emulator.projects import run, section, write

PROGRAM = """
import random
import time
from harness_mark import region

def tells_time(times):
    for _ in range(times):
        time.ticks_us()

def draws(times):
    for _ in range(times):
        random.getrandbits(8)

def sleeps():
    time.sleep_ms(2)

def within():
    with region("clock"):
        time.ticks_ms()
    with region("nothing"):
        pass
    with region("both"):
        time.ticks_ms()
        random.random()
        random.random()
"""


def reads(board: Board, function: str, *arguments: int) -> dict[str, int]:
    with board.count(listed=False) as count:
        board.call(function, *arguments)
    return count.reads


@pytest.fixture
def counter(counting: Counting) -> Board:
    """A board whose clock is the host's."""
    return counting("count", "host")


@pytest.mark.parametrize("mode", ["count", "functions"])
def test_functions_and_how_often(counting, mode):
    board = counting(mode, "host")
    board.exec(PROGRAM)
    assert reads(board, "tells_time", 0) == {}
    assert reads(board, "tells_time", 3) == {"mp_hal_ticks_us": 3}
    assert reads(board, "draws", 5) == {"yasmarang": 5}
    assert reads(board, "tells_time", 0) == {}
    assert reads(board, "sleeps") == {}  # what it waits does not count, and neither does that it looks at the clock


def test_regions_within_regions(counter):
    counter.exec(PROGRAM)
    with counter.count("all") as count:
        counter.call("within")
    assert count.reads == {"mp_hal_ticks_ms": 2, "yasmarang": 2}
    assert count["clock"].reads == {"mp_hal_ticks_ms": 1}
    assert count["nothing"].reads == {}
    assert count["both"].reads == {"mp_hal_ticks_ms": 1, "yasmarang": 2}


def test_random_numbers_that_the_program_seeded_are_its_own(counter):
    counter.exec(PROGRAM)
    assert reads(counter, "draws", 1) == {"yasmarang": 1}
    counter.exec("random.seed(1)")
    assert reads(counter, "draws", 1) == {}
    counter.soft_reset()
    counter.exec(PROGRAM)
    assert reads(counter, "draws", 1) == {"yasmarang": 1}  # nobody seeded them in this life


def test_a_seed_that_may_come_from_the_clock_is_none(counter):
    counter.exec(PROGRAM + "random.seed(time.ticks_us())")
    assert reads(counter, "draws", 2) == {"yasmarang": 2}


def test_a_clock_that_counts_instructions_is_none(counting):
    board = counting("count", "counted")
    board.exec(PROGRAM)
    assert reads(board, "tells_time", 3) == {}
    assert reads(board, "draws", 1) == {"yasmarang": 1}
    board.exec("random.seed(time.ticks_us())")  # depends on all that came before
    assert reads(board, "draws", 1) == {"yasmarang": 1}


TESTS = """
def test_it(board):
    board.exec("import time")
    board.exec('''
def wait(us=200):
    start = time.ticks_us()
    while time.ticks_diff(time.ticks_us(), start) < us:
        pass
''')
    with board.count("wait"):
        board.call("wait", {us})
    with board.count("steady"):
        board.call("abs", 1)
"""


def test_they_are_told_and_not_judged(project):
    write(project, test_clock=TESTS.format(us=200))
    result = run(project, "--baseline", "save", "before", "--guest-time", "host")
    (text,) = section(result, "not the same in the next run")
    result.assert_outcomes(passed=1)
    assert text.startswith("test_clock.py::test_it: wait on m33 reads the clock (mp_hal_ticks_us ")
    write(project, test_clock=TESTS.format(us=2000))  # as a host that is busy would do it
    again = run(project, "--baseline", "check", "before", "--guest-time", "host")
    assert again.ret == 0
    again.stdout.fnmatch_lines(
        ["*not judged*", "different: *wait / instructions: not judged, because it reads the clock (*"]
    )
    again.stdout.no_fnmatch_line("*got better*")
