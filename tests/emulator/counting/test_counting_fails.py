"""What goes wrong while it is counted gives its usual error, and the board counts again afterwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import (
    CountingUnavailable,
    EmulatorDied,
    EndlessOutput,
    GuestException,
    GuestFault,
    GuestReset,
    MachineryError,
    NativeLoop,
    PythonLoop,
)
from mpy_harness.firmware.progress import Silent
from tests.emulator.misbehaving import build_misbehaving

TIMEOUT = 0.6
MODES: tuple[Mode, ...] = ("count", "functions")

USUAL = """
import harness_mark
def usual():
    with harness_mark.region("inner"):
        for i in range(10):
            pass
    return [str(i) for i in range(10)]
"""


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_misbehaving(tmp_path_factory.mktemp("natmods")).path


def usual(board: Board) -> tuple[int, int]:
    board.exec(USUAL)
    with board.count("usual") as count:
        board.call("usual")
    assert count.finished
    assert count.exact
    assert [region.name for region in count.regions] == ["inner"]
    return count.instructions, count["inner"].instructions


@pytest.fixture(params=MODES)
def board(request: pytest.FixtureRequest, boot, module) -> Iterator[Board]:
    """A board whose next life after the test counts what its first did."""
    board = boot(request.param)
    expected = usual(board)
    board.call("lambda m: globals().update(wrong=m)", board.import_native(module))
    yield board
    if board.usable:
        board.soft_reset()
        assert usual(board) == expected
    board.hard_reset()
    assert usual(board) == expected


def failing(board: Board, source: str, error: type[Exception]) -> str:
    """Run a program that fails in a region of a counted request, and return what the error says."""
    before = len(board.counts)
    with pytest.raises(error) as caught, board.count("fails"):
        board.exec(
            f"import harness_mark\nwith harness_mark.region('inner'):\n    {source}",
            timeout=TIMEOUT if error is not EndlessOutput else 2 * TIMEOUT,
        )
    assert [count.name for count in board.counts[before:]] == ["fails"]
    assert board.counts[-1].finished == board.usable
    return str(caught.value)


def test_a_fault(board):
    text = failing(board, "wrong.write(4)", GuestFault)
    assert "must not be written" in text
    assert not board.usable


def test_a_reset(board):
    failing(board, "__import__('machine').reset()", GuestReset)


def test_a_loop_in_native_code(board):
    failing(board, "wrong.spin()", NativeLoop)


def test_a_loop_in_python(board):
    text = failing(board, "while True: pass", PythonLoop)
    assert "KeyboardInterrupt" in text
    assert board.usable
    (inner,) = board.counts[-1].regions
    assert inner.instructions > 10_000


def test_waiting_for_input(board):
    # Interrupted where nothing is counted.
    failing(board, "input()", PythonLoop)
    (inner,) = board.counts[-1].regions
    assert 0 < inner.instructions < 50_000


def test_an_exception(board):
    failing(board, "1 / 0", GuestException)
    assert board.usable


def test_the_emulator_dies(boot):
    board = boot("count")
    expected = usual(board)
    with board.count("dies") as count:
        os.kill(board.machine.process.pid, signal.SIGKILL)
        with pytest.raises((EmulatorDied, MachineryError)):
            board.exec("pass")
    assert count.instructions == 0
    board.hard_reset()
    assert usual(board) == expected
    assert [count.name for count in board.counts] == ["usual", "dies", "usual"]


def test_resets_inside_a_count(boot):
    board = boot("functions")
    with board.count("three lives") as count:
        board.exec(USUAL)
        board.call("usual")
        single = count.instructions
        board.soft_reset()
        board.exec(USUAL)
        board.call("usual")
        board.hard_reset()
        board.exec(USUAL)
        board.call("usual")
    assert count.instructions == 3 * single > 0
    assert count.profile.root.inclusive == count.instructions
    assert [region.name for region in count.regions] == ["inner"] * 3


def test_without_a_window(make_board, m33, firmware):
    instrument = machines.kind_of(m33).instrument(firmware.elf, "count", Silent())
    board = make_board(memory=False, instrument=instrument)
    assert usual(board)[1] == usual(make_board(instrument=instrument))[1]


def test_a_board_that_cannot_count_says_why(make_board):
    board = make_board(why_not="counting was left out in this test")
    with pytest.raises(CountingUnavailable, match="counting was left out in this test"), board.count():
        pass
    assert board.counts == []
    board.exec(USUAL)
    assert board.call("usual") == [str(i) for i in range(10)]  # marks do no harm
    board.exec("""
        import harness_mark as m
        with m.region("x"):
            m.start("y")
            m.stop()
        m.native.start("z"); m.native.stop(); m.viper.start(); m.viper.stop()
        with m.native.region(), m.viper.region("é"):
            pass
    """)
