"""The guest's clock by counted instructions: the same at every start, whatever the host does meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.counting.guest_time import NOMINAL_CLOCK, GuestTime, telling_time
from mpy_harness.counting.instrument import Instrument
from mpy_harness.errors import GuestTimeUnavailable
from mpy_harness.firmware.image import firmware_for
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from tests.emulator.absent import target_or_skip
from tests.emulator.projects import mpy_harness, run, write

PROGRAM = """
import select, sys, time

def loop(turns):
    total = 0
    for turn in range(turns):
        total += turn
    return total

def timed(times=10):
    spans = []
    for _ in range(times):
        start = time.ticks_us()
        loop(1000)
        spans.append(time.ticks_diff(time.ticks_us(), start))
    return spans, time.ticks_us(), time.ticks_cpu(), time.ticks_ms()

def cycles():
    start = time.ticks_cpu()
    loop(1000)
    return time.ticks_diff(time.ticks_cpu(), start)

def spans(function, *arguments):
    start = time.ticks_ms(), time.ticks_us()
    function(*arguments)
    end = time.ticks_ms(), time.ticks_us()
    return [time.ticks_diff(after, before) for before, after in zip(start, end)]

def poll(ms):
    poller = select.poll()
    poller.register(sys.stdin, select.POLLIN)
    poller.poll(ms)
"""

# Of the memory that host and guest share, of the debug port, and another architecture, whose target names no clock.
TARGETS = ["m33", "m0", "rv32"]


@pytest.fixture
def fresh(nothing_left: None, tmp_path: Path) -> Iterator[Callable[..., Board]]:
    """Boot boards of the test's own."""
    pools: list[BoardPool] = []

    def start(name: str, **options: object) -> Board:
        pools.append(BoardPool(tmp_path, label=f"-{len(pools)}"))
        return pools[-1].board(target_or_skip(name), **options)  # type: ignore[arg-type]

    yield start
    for pool in pools:
        pool.close()


@pytest.mark.parametrize("name", TARGETS)
def test_a_program_that_times_itself_says_the_same_at_every_start(fresh, name):
    first, second = fresh(name), fresh(name)
    said = []
    for board in (first, second):
        board.exec(PROGRAM)
        said.append((board.call("timed"), board.call("timed")))
    assert said[0] == said[1]
    (times, *_), _ = said[0]
    assert max(times) - min(times) <= 1 + max(times) // 1000
    first.soft_reset()
    first.exec(PROGRAM)
    assert first.call("timed") == said[0][0]


@pytest.mark.parametrize("mode", ["count", "instructions", "functions"])
def test_each_counted_instruction_is_a_cycle(counting, m33, mode):
    board = counting(mode)
    board.exec(PROGRAM)
    with board.count() as count:
        board.call("loop", 1000)
    of_clock = board.call("cycles")
    assert count.instructions <= of_clock < count.instructions + 1500  # what calls the function and the clock besides
    (ms, us) = board.call("spans", board.eval("loop"), 10_000)
    assert us / 1000 - 1 <= ms <= us / 1000 + 1
    per_turn = (of_clock - 1000) / 1000 / m33.cycles.clock
    assert us == pytest.approx(per_turn * 10_000 * 1e6, rel=0.05)


def test_a_region_that_waits_for_a_time_is_the_same_whatever_came_before(counter):
    counter.exec("import time\ndef wait(us):\n  end = time.ticks_us() + us\n  while time.ticks_us() < end: pass\n")
    counts = []
    for before in ("pass", "time.ticks_us()", "time.sleep_us(7)"):
        counter.exec(before)
        with counter.count() as count:
            counter.call("wait", 500)
        counts.append(count.instructions)
    assert counts[0] == counts[1] == counts[2] >= 500 * 20


@pytest.mark.parametrize("name", TARGETS)
def test_sleeping_takes_its_time_and_so_does_waiting(fresh, name):
    board = fresh(name)
    board.exec(PROGRAM)
    begun = time.monotonic()
    sleeps = [board.call("spans", board.eval(f"time.{sleep}"), length) for sleep, length in (
        ("sleep_ms", 50), ("sleep_us", 50_000), ("sleep", 0.05))]  # fmt: skip
    assert time.monotonic() - begun >= 0.15  # who looks on from outside sees it sleep
    for ms, us in sleeps:
        assert 50 <= ms <= 51
        assert 50_000 <= us < 51_000
    _, us = board.call("spans", board.eval("poll"), 20)
    assert 19_000 < us < 21_000  # in whole milliseconds


@pytest.mark.parametrize(("guest_time", "counts"), [(None, True), ("counted", True), ("host", False)])
def test_a_program_waits_for_the_host_without_that_time_passes(fresh, guest_time: GuestTime, counts):
    board = fresh("m33", guest_time=guest_time)
    board.exec(PROGRAM + "def listen():\n  print('listening')\n  sys.stdin.read(1)\n")

    heard = bytearray()

    def type_late(text: bytes) -> None:
        heard.extend(text)
        if b"listening" in heard:
            heard.clear()
            time.sleep(0.1)
            board.console.write_bytes(b"x")

    board.console.listener = type_late
    _, us = board.call("spans", board.eval("listen"))
    assert (us < 100_000) == counts


def test_where_it_cannot_be(m33):
    image = firmware_for(m33).elf
    with pytest.raises(
        GuestTimeUnavailable, match=r"where none are counted\. Let the board count \(--counting count\)"
    ):
        telling_time(None, m33, image)
    with pytest.raises(GuestTimeUnavailable, match="its firmware does not ask for it"):
        telling_time(Instrument("count", "thumb"), m33, image)


TESTS = """
import pytest

def reads(board):
    board.exec("import time")
    with board.count() as count:
        board.call("time.ticks_us")
    return count.reads

def test_counted(board):
    assert not reads(board)

@pytest.mark.guest_time("host")
def test_host(board):
    assert reads(board)

@pytest.mark.guest_time("guest")
def test_wrong(board):
    pass

@pytest.mark.counting("off")
def test_not_counting(board):
    assert board.eval("__import__('time').ticks_us()") > 0
"""


def test_options_and_marker(project):
    write(project, test_times=TESTS)
    result = run(project)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*pytest.mark.guest_time takes one of 'counted', 'host'*"])
    result = run(project, "--guest-time", "counted", "-k", "counted or counting")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*GuestTimeUnavailable: *where none are counted. Let the board count*"])
    result = run(project, "--guest-time=clock")
    result.stderr.fnmatch_lines(["*--guest-time wants one of counted, host, not 'clock'*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_the_command_prints_the_same_every_time(tmp_path):
    script = tmp_path / "timed.py"
    script.write_text(PROGRAM + "print(timed())\n", encoding="utf-8")
    said = [mpy_harness("run", script, cwd=tmp_path) for _ in range(2)]
    assert said[0].returncode == 0, said[0].stderr
    assert said[0].stdout == said[1].stdout
    assert said[0].stdout.startswith("([1")
    hosts = mpy_harness("run", script, "--guest-time", "host", cwd=tmp_path)
    assert hosts.returncode == 0
    assert hosts.stdout != said[0].stdout


CLOCK = """
#include <stdio.h>
#include <time.h>

int main(void) {
    clock_t begun = clock();
    for (volatile int turn = 0; turn < 100000; ++turn) {
    }
    printf("%lu", (unsigned long)((clock() - begun) * 1000 / CLOCKS_PER_SEC));
    return 0;
}
"""


@pytest.mark.parametrize("name", ["m33", "rv32"])
def test_the_clock_of_plain_c(name, tmp_path):
    target = target_or_skip(name)
    source = tmp_path / "main.c"
    source.write_text(CLOCK, encoding="utf-8")
    program = CProgram(build_program(target, [source], tmp_path / "built"), tmp_path / "log", "count")
    first, second = program.run(), program.run()
    assert first.output == second.output
    assert first.count is not None
    hertz = target.cycles.clock if target.cycles is not None else NOMINAL_CLOCK
    assert int(first.output) == pytest.approx(first.count.instructions / hertz * 1000, abs=10)  # newlib's step is 10 ms
