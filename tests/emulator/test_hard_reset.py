"""A hard reset presses QEMU's reset button where that brings the guest back, and begins another QEMU where not."""

from __future__ import annotations

import numpy as np
import pytest

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import GuestReset, MemoryMisused
from mpy_harness.machines.process import EmulatorProcess
from tests.emulator.absent import target_or_skip
from tests.memcheck.corpus import FOLDER

PROGRAM = """
import random, sys, time
kept = [bytearray(1000) for _ in range(20)]
sys.path.append("/left")
def draw():
    return [random.getrandbits(24) for _ in range(4)]
def turns(n):
    for i in range(n):
        pass
"""


def process_of(board: Board) -> EmulatorProcess:
    process = getattr(board.machine, "process", None)
    assert isinstance(process, EmulatorProcess)
    return process


def state(board: Board) -> list[object]:
    """Return what a life of the guest shows: variables of C code, the heap, a count, the time."""
    free, path = board.heap.used(), board.eval("__import__('sys').path")
    board.exec(PROGRAM)
    drawn = board.call("draw")  # from a variable of C code
    with board.count(listed=False) as count:
        board.call("turns", 1000)
    return [free, path, drawn, count.instructions, count.doubt, board.eval("time.ticks_us()")]


@pytest.mark.parametrize("name", ["m33", "m0"])
def test_the_button_brings_all_back_as_at_the_start(pool: BoardPool, name: str) -> None:
    board = pool.board(target_or_skip(name))
    first, process = state(board), process_of(board)
    for _ in range(2):
        board.hard_reset()
        assert state(board) == first
    board.soft_reset()
    assert state(board) == first
    assert process_of(board) is process


def test_in_the_middle_of_a_program(pool: BoardPool) -> None:
    board = pool.board(target_or_skip("m33"))
    first, process = state(board), process_of(board)
    board.console.write_bytes(b"import time\nwhile True: print('busy'); time.sleep_ms(1)\n\x04")
    board.expect("busy")
    board.hard_reset()
    assert process_of(board) is process
    assert state(board) == first


def test_a_reset_of_the_guests_own_still_ends_qemu(pool: BoardPool) -> None:
    board = pool.board(target_or_skip("m33"))
    board.hard_reset()
    with pytest.raises(GuestReset):
        board.exec("import machine\nmachine.reset()")
    assert not board.usable


def test_input_that_nobody_took_does_not_reach_the_next_guest(pool: BoardPool) -> None:
    board = pool.board(target_or_skip("m33"))
    process = process_of(board)
    board.machine.execute("stop")
    board.console.write_bytes(b"print('stale')\r" * 50)
    board.hard_reset()
    assert process_of(board) is not process
    assert board.eval("1 + 1") == 2


def test_a_core_that_keeps_its_protection_gets_another_qemu(pool: BoardPool) -> None:
    # QEMU 7.2 does not reset the protection of RISC-V's memory: the core may not execute where it begins.
    board = pool.board(target_or_skip("rv32"))
    first = state(board)
    for _ in range(2):
        board.hard_reset()
        assert state(board) == first


def test_memory_is_checked_after_it(pool: BoardPool) -> None:
    board = pool.board(target_or_skip("m33"), check="memory")
    process = process_of(board)
    for _ in range(2):
        with pytest.raises(MemoryMisused):
            ModuleLoader(board, (FOLDER,))("filters").running_sum(np.arange(10, dtype=np.int32))
        board.forget()
        board.hard_reset()
    assert process_of(board) is process
