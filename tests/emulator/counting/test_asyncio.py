"""MicroPython's own asyncio, its files in Python, by counted time: what waits with a time limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.firmware.sources import micropython_source
from tests.emulator.projects import run, write

PROGRAM = """
import asyncio, time

async def worker(name, ms, log):
    for _ in range(3):
        await asyncio.sleep_ms(ms)
        log.append((name, time.ticks_ms()))
    return name

async def forever():
    while True:
        await asyncio.sleep_ms(1000)

async def main():
    log = []
    begun = time.ticks_ms()
    names = await asyncio.gather(worker("a", 10, log), worker("b", 15, log))
    gathered = time.ticks_diff(time.ticks_ms(), begun)
    try:
        await asyncio.wait_for_ms(forever(), 20)
    except asyncio.TimeoutError:
        return names, log, gathered, time.ticks_diff(time.ticks_ms(), begun)

def go():
    return asyncio.run(main())
"""


@pytest.fixture(scope="module")
def extmod(m33) -> Path:
    """The folder of MicroPython's modules, of the release that the board runs."""
    return micropython_source(m33.tools).path / "extmod"


def test_tasks_wake_when_their_time_has_come_and_the_same_on_every_run(project, extmod):
    write(
        project,
        test_waits=f"""
import pytest

PROGRAM = {PROGRAM!r}
RUNS = []

@pytest.mark.reset("hard")
@pytest.mark.parametrize("turn", range(2))
def test_gather(board, turn):
    board.exec(PROGRAM)
    board.call("go")  # imports what asyncio has in files of their own
    with board.count() as count:
        names, log, gathered, all_of_it = board.call("go")
    assert names == ["a", "b"]
    for name, ms in (("a", 10), ("b", 15)):
        times = [at for who, at in log if who == name]
        assert all(ms <= after - before <= ms + 1 for before, after in zip(times, times[1:], strict=False)), log
    assert 45 <= gathered <= 60
    assert 20 <= all_of_it - gathered <= 40
    assert count.exact
    assert 65 <= count.instructions / 20_000 <= 90  # waiting takes instructions, at 20 MHz
    RUNS.append((log, gathered, all_of_it, count.instructions))
    assert RUNS[turn] == RUNS[0]
""",
    )
    run(project, "--device-path", extmod).assert_outcomes(passed=2)


def test_scripts_with_coroutines_by_the_hosts_time(project, extmod):
    write(
        project,
        test_it=PROGRAM + "async def test_waits():\n    *_, gathered, _ = await main()\n    assert gathered >= 45\n"
        "async def test_bad():\n    await asyncio.sleep_ms(1)\n    raise ValueError('ran')\n",
    )
    result = run(project, "--device-scripts", ".", "--device-path", extmod, "--guest-time", "host")
    result.assert_outcomes(passed=1, failed=1)
    assert "ValueError: ran" in result.stdout.str()
