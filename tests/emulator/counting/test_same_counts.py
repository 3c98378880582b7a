"""The same program takes the same number of instructions: in every boot and life, whatever came before."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

import pytest

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.errors import GuestException, PythonLoop
from mpy_harness.targets import load_target
from tests.emulator.counted_programs import CALLS, SOURCE, counts, define, measured

BOOTS = 20


@pytest.fixture(scope="module")
def usual(shared_boards, m33) -> dict[str, int]:
    return defined(shared_boards.board(m33))


def defined(board: Board) -> dict[str, int]:
    define(board)
    return counts(board)


def test_twenty_boots(boot):
    values: dict[str, set[int]] = {name: set() for name, _ in CALLS}
    for number in range(BOOTS):
        board = boot()
        time.sleep(0.002 * (number % 5))
        for name, value in defined(board).items():
            values[name].add(value)
        board.close()
    assert {name: len(found) for name, found in values.items()} == dict.fromkeys(values, 1)


def test_a_change_shows(counter):
    counter.exec(SOURCE)
    before = measured(counter, "bytecode", 50)
    counter.exec(SOURCE.replace("i * 3 ^", "i * 3 + 0 ^"))
    assert measured(counter, "bytecode", 50) > before


def nothing(board: Board) -> None:
    pass


def big_values(board: Board) -> None:
    board.call("len", bytes(300_000))
    board.eval("b'x' * 200000")


def garbage(board: Board) -> None:
    board.exec("keep = [bytearray(100 + i) for i in range(1000)]\nkeep = keep[::7]")


def names(board: Board) -> None:
    board.exec("\n".join(f"name_{number} = {number}" for number in range(200)))


def deep_stack(board: Board) -> None:
    with pytest.raises(GuestException):
        board.exec("def f(n, *a): return f(n + 1, [n], *a)\nf(0)")


def raises(board: Board) -> None:
    for _ in range(3):
        with pytest.raises(GuestException):
            board.exec("[bytearray(5000), [][1]]")


def native_module(board: Board) -> None:
    ModuleLoader(board)("fft")


def interrupted(board: Board) -> None:
    with pytest.raises(PythonLoop):
        board.exec("x = []\nwhile True: x = [x, bytearray(9)][1:]", timeout=0.4)


def reset_twice(board: Board) -> None:
    board.soft_reset()
    board.exec("import gc\ngc.threshold(1000)\nimport micropython\nmicropython.kbd_intr(-1)")


def typed(board: Board) -> None:
    # A person at the friendly REPL, whose keys arrive while the guest waits, computes and prints.
    board.console.write_bytes(b"\x02")
    pauses = itertools.cycle((0.0, 0.0005, 0.003, 0.0001))
    for line in (b"x = [i for i in range(99)]\r", b"sum(x) \r", b"print([str(i) for i in range(99)])\r"):
        for key in line:
            board.console.write_bytes(bytes([key]))
            time.sleep(next(pauses))
    board.expect(rb"'98'\]")
    board._life._repl.enter(5)


@pytest.mark.parametrize(
    "before",
    [nothing, big_values, garbage, names, deep_stack, native_module, interrupted, reset_twice, typed],
)
def test_after_a_soft_reset(counter, usual, before: Callable[[Board], None]):
    before(counter)
    counter.soft_reset()
    assert defined(counter) == usual


@pytest.mark.parametrize("before", [nothing, big_values, raises])
def test_in_the_same_life(counter, before):
    define(counter)
    found = []
    for _ in range(3):
        before(counter)
        counter.exec("x = None")
        found.append(counts(counter))
    assert found[1] == found[2]  # the first time, names were new


@pytest.mark.parametrize("target", ["m33", "m4-stm32", "m0", "rv32"])
def test_the_first_life_is_as_all_others(boot, target):
    board = boot(target=load_target(target))
    found = []
    for _ in range(3):
        board.exec("x = 1\n" * 300)  # what a large request leaves is in the way of what comes
        ModuleLoader(board)("fft")
        with board.count() as count:
            board.eval("len([bytearray(n) for n in range(0, 900, 13)])")  # the search for room tells where things lie
        found.append(count.instructions)
        board.soft_reset()
    assert len(set(found)) == 1, found


def test_after_a_hard_reset(counter, usual):
    counter.hard_reset()
    assert defined(counter) == usual


def test_input_that_arrives_meanwhile(counter):
    counter.exec(SOURCE)
    counter.exec("""
        import harness_mark, sys
        def busy(keys):
            with harness_mark.region("busy"):
                bytecode(200_000)
            return len(sys.stdin.read(keys))
    """)
    values = set()
    for keys in (1, 100, 300):
        with counter.count() as count:
            typist = threading.Timer(0.1, counter.console.write_bytes, [b"x" * keys])
            typist.start()
            assert counter.call("busy", keys) == keys
            typist.join()
        values.add(count["busy"].instructions)
    assert len(values) == 1


def test_input_that_is_waited_for(counter):
    counter.exec("import sys\ndef read(n): return sys.stdin.read(n)")
    values = []
    for delay in (0.0, 0.02, 0.3):
        with counter.count("read") as count:
            typist = threading.Timer(0.05 + delay, counter.console.write_bytes, [b"abcdefgh"])
            typist.start()
            assert counter.call("read", 8) == "abcdefgh"
            typist.join()
        values.append(count.instructions)
    assert len(set(values)) == 1, values


def test_output_that_nobody_takes(counter):
    # More than the connection holds: the guest has to wait until the host reads.
    counter.exec(SOURCE)
    values = set()
    for delay in (0.0, 0.03):
        counter.console.listener = lambda _, delay=delay: time.sleep(delay)
        with counter.count("print") as count:
            counter.call("long_line", 3000)
        values.add(count.instructions)
    counter.console.listener = None
    assert len(values) == 1
