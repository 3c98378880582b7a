"""A board with MicroPython's own stm32 port is a board like any other: values, files, native modules, resets, time."""

from __future__ import annotations

import numpy as np
import pytest

from mpy_harness import machines
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import CountingUnavailable, GuestException, GuestFault, GuestReset, PythonLoop
from mpy_harness.firmware.progress import Silent
from mpy_harness.resources import natmods_dir
from tests.emulator.misbehaving import build_misbehaving

TASKS = """
import asyncio
def tasks():
    done = []
    async def work(name, ms):
        for i in range(3):
            await asyncio.sleep_ms(ms)
            done.append(name + str(i))
    async def all():
        await asyncio.gather(work("a", 10), work("b", 16))
    asyncio.run(all())
    return done
"""

TIMERS = """
import machine, pyb, time
def ticks(make):
    counted = []
    timer = make(lambda _: counted.append(time.ticks_us()))
    time.sleep_ms(105)
    timer.deinit()
    time.sleep_ms(20)
    return [after - before for before, after in zip(counted, counted[1:])]
def hardware(callback):
    timer = pyb.Timer(4, freq=100)
    timer.callback(lambda t: micropython.schedule(callback, t))
    return timer
def software(callback):
    return machine.Timer(-1, mode=machine.Timer.PERIODIC, period=10, callback=callback)
import micropython
"""


def test_code_and_values(board, blackpill):
    assert board.exec("import sys\nprint(sys.implementation._build)") == "WEACT_F411_BLACKPILL-V31_FLASH_8M\n"
    assert board.eval("[1, 2.5, 'text', None, {'a': (1 << 70)}]") == [1, 2.5, "text", None, {"a": 1 << 70}]
    assert board.abi.arch == blackpill.natmod.arch
    assert board.eval("__import__('machine').freq()[0]") == 96_000_000
    with pytest.raises(GuestException, match="ZeroDivisionError: divide by zero"):
        board.exec("1 // 0")


def test_large_arrays_go_through_memory(board):
    data = np.random.default_rng(1).integers(0, 256, 20_000, np.uint8)
    received = board.console.log_path.stat().st_size
    assert (board.hold(data).get() == data).all()
    assert board.console.log_path.stat().st_size - received < 2000


def test_a_native_module(board, blackpill):
    module = board.import_native(build_module(natmods_dir() / "iir", blackpill).path)
    delay = module.new(np.array([0, 1, 0, 1, 0, 0], np.float32))
    values = np.arange(1, 9, dtype=np.float32)
    held = board.hold(values)
    delay.run(held)
    assert np.array_equal(held.get(), np.r_[np.float32(0), values[:-1]])


def test_tasks_of_asyncio(board):
    board.exec(TASKS)
    assert board.call("tasks") == ["a0", "b0", "a1", "a2", "b1", "b2"]


@pytest.mark.parametrize("kind", ["hardware", "software"])
def test_timers_call_back_in_the_guests_time(board, kind):
    board.exec(TIMERS)
    intervals = board.call(f"lambda: ticks({kind})")
    assert len(intervals) == 9
    assert all(abs(interval - 10_000) < 300 for interval in intervals)


def test_a_loop_in_python_is_ended(board):
    with pytest.raises(PythonLoop, match="it was here"):
        board.exec("while True: pass", timeout=2)
    assert board.eval("1 + 1") == 2


def test_files_are_in_the_flash_chip_and_outlive_resets_the_watchdogs_too(board):
    content = bytes(range(256)) * 20
    board.files.put(content, "/flash/data/kept.bin")
    board.exec("with open('/flash/data/text', 'w') as f: f.write('of a program')")
    board.files.put(b"answer = 42\n", "/flash/lib/kept.py")
    board.soft_reset()
    assert board.files.get("/flash/data/kept.bin") == content
    board.exec("import machine, time\nw = machine.WDT(timeout=500)")
    board.exec("for _ in range(4):\n    time.sleep_ms(300)\n    w.feed()")
    with pytest.raises(GuestReset):
        board.exec("time.sleep_ms(1000)")
    board.hard_reset()
    assert board.files.get("/flash/data/kept.bin") == content
    assert board.files.get("/flash/data/text") == b"of a program"
    assert board.eval("__import__('kept').answer") == 42
    assert board.eval("__import__('os').statvfs('/flash')[:3]") == (4096, 4096, 2043)  # of FAT on 8 MB


def test_a_fault_of_native_code_is_told_with_its_place(board, tmp_path):
    misbehaving = board.import_native(build_misbehaving(tmp_path, "renode-blackpill"))
    with pytest.raises(GuestFault, match=r"took a UsageFault: undefined instruction") as caught:
        misbehaving.undefined()
    assert "pc is in undefined() of the native module misbehaving, misbehaving.c:" in str(caught.value)
    assert caught.value.registers["cfsr"] == 1 << 16


def test_what_it_does_not_count(blackpill, image):
    with pytest.raises(CountingUnavailable, match=r"it counts no instructions\. Use a target whose"):
        machines.kind_of(blackpill).instrument(image, "count", Silent())
