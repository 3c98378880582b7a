"""What a test does with a board works in Renode as in QEMU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mpy_harness import machines
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import CountingUnavailable, GuestException, GuestReset
from mpy_harness.firmware.progress import Silent
from mpy_harness.resources import natmods_dir
from tests.emulator.counting import tampering

LOOP = "def loop(n):\n    s = 0\n    for i in range(n):\n        s = (s + i) & 1023\n    return s\n"


TIMED = """
import time
def timed(n):
    begun = time.ticks_us()
    loop(n)
    return time.ticks_us() - begun
"""


def test_repl(board):
    assert board.exec("print('hello')\nprint(6 * 7)") == "hello\n42\n"
    with pytest.raises(GuestException, match="ZeroDivisionError"):
        board.exec("1 // 0")
    assert board.eval("__import__('sys').platform") == "qemu"


def test_output_arrives_as_it_was_printed(board):
    assert board.exec("import sys\nfor i in range(400): sys.stdout.write('%04d' % i)") == "".join(
        f"{number:04}" for number in range(400)
    )


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.float32])
def test_arrays_arrive_and_come_back_as_they_were(board, dtype):
    values = np.random.default_rng(1).integers(0, 256, 12_000 // np.dtype(dtype).itemsize).astype(dtype)
    board.exec("def same(a):\n    return a")
    back = board.call("same", values)
    assert back.dtype == dtype
    assert back.tobytes() == values.tobytes()


def test_files(board):
    data = bytes(range(256)) * 8
    board.files.put(data, "/data.bin")
    assert board.files.list() == ["data.bin"]
    assert board.files.get("/data.bin") == data


def test_a_native_module(board, chip):
    module = board.import_native(build_module(natmods_dir() / "iir", chip).path)
    delay = module.new(np.array([0, 1, 0, 1, 0, 0], np.float32))
    values = np.arange(1, 9, dtype=np.float32)
    held = board.hold(values)
    delay.run(held)
    assert np.array_equal(held.get(), np.r_[np.float32(0), values[:-1]])


def test_soft_and_hard_reset(board):
    board.exec("x = 1")
    board.soft_reset()
    assert board.eval("'x' in globals()") is False
    board.exec("x = 1")
    board.hard_reset()
    assert board.eval("'x' in globals()") is False


def test_a_reset_by_the_guest(board):
    with pytest.raises(GuestReset):
        board.exec("import machine\nmachine.reset()")
    board.hard_reset()
    assert board.eval("6 * 7") == 42


# --- counting and time ---------------------------------------------------------------------------


def test_the_same_count_on_every_boot_and_after_a_reset(board, boot):
    def counted(board):
        board.exec(LOOP)
        with board.count("loop") as first:
            board.call("loop", 1000)
        with board.count("again") as second:
            board.call("loop", 1000)
        return first.instructions, second.instructions

    fresh = [boot() for _ in range(3)]
    found = [counted(one) for one in fresh]
    fresh[0].soft_reset()
    found.append(counted(fresh[0]))
    fresh[0].hard_reset()
    found.append(counted(fresh[0]))
    for one in fresh:
        one.close()
    assert len(set(found)) == 1
    assert found[0][0] == found[0][1] > 20_000


def test_a_count_that_the_guest_cut_short(board):
    of_each = {said: (functions, said) for functions, said in tampering.TAMPERED}
    tampering.check(board, cases=list(of_each.values()))


def test_what_renode_cannot_count(chip, image):
    with pytest.raises(CountingUnavailable, match="which runs in renode: only count"):
        machines.kind_of(chip).instrument(image, "classes", Silent())


def test_the_guests_time_is_that_of_its_instructions(board, chip):
    board.exec(LOOP + TIMED)
    microseconds = board.call("timed", 20_000) - board.call("timed", 10_000)
    with board.count("more") as more:
        board.call("loop", 20_000)
    with board.count("less") as less:
        board.call("loop", 10_000)
    expected = (more.instructions - less.instructions) / chip.machine["mips"]
    assert microseconds == pytest.approx(expected, rel=1e-3, abs=2)  # a step of time is rounded to nanoseconds


# --- the process ---------------------------------------------------------------------------------


def test_no_port_is_open(board):
    process = board.machine.process.pid
    inodes = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        kind, _, inode = str(descriptor.readlink()).partition(":")
        if kind == "socket":
            inodes.add(inode.strip("[]"))
    assert inodes  # its monitor is one, of another family
    for family in ("tcp", "tcp6", "udp", "udp6"):
        lines = Path(f"/proc/{process}/net/{family}").read_text(encoding="ascii").splitlines()[1:]
        assert not [line for line in lines if line.split()[9] in inodes]


def test_an_end_leaves_nothing(boot, nothing_left):
    board = boot()
    assert board.eval("6 * 7") == 42
    board.close()
