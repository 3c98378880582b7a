"""Instructions of an ESP32's program: without interrupts, tasks and register windows, the same on every boot."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import CountingUnavailable, InexactCount
from mpy_harness.firmware.progress import Silent
from mpy_harness.targets import Target

SOURCE = """
import time
import harness_mark

@micropython.viper
def spin(n: int) -> int:
    s = 0
    while n:
        s += n & 3
        n -= 1
    return s

def loop(n):
    s = 0
    for i in range(n):
        s += i * 3
    return s

def collect(n):
    x = 1.0
    for i in range(n):
        x = x * 1.0001 + 0.5
    return x

def caught(n):
    for i in range(n):
        try:
            {}[i]
        except KeyError:
            pass

def empty():
    with harness_mark.region("nothing"):
        pass
"""
SECTIONS = np.array([[0.1, 0.2, 0.1, 1, -0.5, 0.2]], np.float32)
BLOCK = np.linspace(-1, 1, 256, dtype=np.float32)
MODES: tuple[Mode, ...] = ("count", "instructions", "classes", "memory")


@pytest.fixture(scope="session")
def counting(esp32: Target, image: Path, boot: Callable[..., Board]) -> Callable[[Mode], Board]:
    """Boot boards that count."""
    return lambda mode: boot(instrument=machines.kind_of(esp32).instrument(image, mode, Silent()))


@pytest.fixture(scope="module")
def counter(counting: Callable[[Mode], Board]) -> Iterator[Board]:
    board = counting("count")
    board.exec(SOURCE)
    yield board
    board.close()


def taken(board: Board, function: str, *arguments: object) -> int:
    with board.count(function) as count:
        board.call(function, *arguments)
    assert count.exact
    return count.instructions


def test_a_loop_takes_the_same_each_time_whatever_interrupts_it(counter):
    # Of 13 instructions each time; hundreds of timer interrupts, some with other tasks behind them, come in between.
    none = taken(counter, "spin", 0)
    for times in (1, 10, 100_000, 1_000_000):
        assert taken(counter, "spin", times) - none == 13 * times


def test_an_empty_region_has_nothing_in_it(counter):
    with counter.count("outside") as count:
        counter.call("empty")
    assert [region.instructions for region in count.regions] == [0]
    assert count.instructions > 0


def test_python_code_takes_the_same_on_every_boot(counting, esp32):
    # Raising unwinds the stack by spilling all register windows, how many depends on the interrupts before; what a
    # collection of garbage finds depends on what interrupts left on the stack.
    counts: list[list[int]] = []
    for _ in range(3):
        board = counting("count")
        board.exec(SOURCE)
        time.sleep(0.1 * len(counts))  # the guest's clock goes on meanwhile
        counts.append([taken(board, *call) for call in (("loop", 20_000), ("caught", 50), ("collect", 10_000))])
        board.close()
    loop, caught, collect = ({each[number] for each in counts} for number in range(3))
    assert len(loop) == len(caught) == 1
    # The ESP32's other core shares its time, and does not begin at the same instruction with it.
    assert max(collect) - min(collect) <= (max(collect) // 2000 if esp32.name == "esp32" else 0)


def test_waiting_is_told_of(counter):
    with pytest.warns(InexactCount, match="the guest waited in it"), counter.count("sleep") as count:
        counter.exec("time.sleep_ms(50)")
    assert not count.exact
    with counter.count("after") as count:
        counter.call("spin", 10)
    assert count.exact


def test_what_is_not_there_says_so(esp32, image):
    with pytest.raises(CountingUnavailable, match="counting functions is not there for esp32"):
        machines.kind_of(esp32).instrument(image, "functions", Silent())


def test_a_native_module_takes_the_same_on_every_boot_in_every_mode(counting, build, esp32):
    module = build("iir")
    counts = set()
    for mode in (*MODES, "count"):
        board = counting(mode)
        filt = board.import_native(module).new(SECTIONS)
        buffer = board.hold(BLOCK)
        taken = []
        for _ in range(2):  # of what the first made of it: where floats are computed by calls, that takes another time
            with board.count("run") as count:
                filt.run(buffer)
            assert count.exact
            taken.append(count.instructions)
            if mode == "classes":
                assert sum(count.classes.values()) == count.instructions
                assert count.classes["float_multiply"] == (5 * len(BLOCK) if esp32.name == "esp32" else 0)  # no FPU
                assert "unknown" not in {name for name, number in count.classes.items() if number}
            if mode == "memory":
                assert count.memory.loads >= len(BLOCK)
                assert count.memory.stores >= len(BLOCK)
        counts.add(tuple(taken))
        board.close()
    assert len(counts) == 1
    per_value = 15 if esp32.name == "esp32" else 900  # a call for each operation
    assert per_value / 2 < counts.pop()[0] / len(BLOCK) < 2 * per_value
