"""A Pico is a board like any other: code, values, files in flash, native modules, resets, faults."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import (
    EmulatorDied,
    GuestException,
    GuestFault,
    GuestReset,
    HarnessError,
    NativeLoop,
    PythonLoop,
)
from mpy_harness.resources import natmods_dir
from tests.emulator.leftovers import processes, soon

PUT = """
import micropython
@micropython.asm_thumb
def put(r0, r1):
    str(r1, [r0, 0])
"""


def test_code_and_values(board, pico):
    assert board.exec("import sys\nprint(sys.implementation._build)") == "RPI_PICO\n"
    assert board.eval("[1, 2.5, 'text', None, {'a': (1 << 70)}]") == [1, 2.5, "text", None, {"a": 1 << 70}]
    assert board.abi.arch == pico.natmod.arch
    with pytest.raises(GuestException, match="ZeroDivisionError: divide by zero"):
        board.exec("1 // 0")


def test_the_roms_floats_have_no_subnormal_numbers(board):
    assert board.eval("2e-38 / 2.0") == 0  # 1e-38 is below the least normal number, and GCC's routines keep it
    assert board.eval("3e-38 / 2.0") == np.float32(1.5e-38)


def test_large_arrays_go_through_memory(board):
    data = np.random.default_rng(1).integers(0, 256, 50_000, np.uint8)
    received = board.console.log_path.stat().st_size
    assert (board.hold(data).get() == data).all()
    assert board.console.log_path.stat().st_size - received < 2000


def test_no_output_is_lost_that_nobody_reads_for_a_while(board):
    board.exec("import sys\ndef work():\n    for i in range(400): sys.stdout.write('%063d\\n' % i)")
    lines = board.exec("work()").split()
    assert [int(line) for line in lines] == list(range(400))


def test_files_are_in_flash_and_outlive_resets(board, boot):
    content = bytes(range(256)) * 20
    board.files.put(content, "/data/kept.bin")
    board.exec("with open('/data/text', 'w') as f: f.write('of a program')")
    board.soft_reset()
    assert board.files.get("/data/kept.bin") == content
    board.hard_reset()
    assert board.files.get("/data/kept.bin") == content
    assert board.files.get("/data/text") == b"of a program"
    assert board.eval("__import__('os').statvfs('/')[:3]") == (4096, 4096, 352)  # of littlefs in flash
    board.exec("import os\nos.remove('/data/text')")  # what was programmed is erased before it is programmed again
    for size in (1, 255, 256, 257, 5000):
        board.files.put(content[:size], "/data/kept.bin")
        assert board.files.get("/data/kept.bin") == content[:size]
    other = boot(instrument=None)
    assert "data/" not in other.files.list("/")
    assert len(other.eval("__import__('machine').unique_id()")) == 8
    other.close()


def test_native_modules_load_and_compute(board, pico):
    native = board.import_native(build_module(natmods_dir() / "arrayutils", pico))
    assert board.call("lambda m: m.__file__", native) == "/natmods/arrayutils.mpy"
    board.files.put(natmods_dir() / "arrayutils" / "arrayutils_python.py", "/python/arrayutils_python.py")
    board.import_module("arrayutils_python", "/python/arrayutils_python.py")
    samples = np.linspace(-1, 1, 50, dtype=np.float32)
    both = []
    for name in ("arrayutils", "arrayutils_python"):
        scaled = board.hold(samples)
        board.call(f"lambda x: __import__('{name}').scale(x, 2.5)", scaled)
        both.append(scaled.get())
    assert np.array_equal(*both)
    assert np.array_equal(both[0], samples * np.float32(2.5))


def test_time_is_the_chips_while_it_computes_and_the_hosts_while_it_sleeps(board):
    begun = time.monotonic()
    took = board.eval("(lambda t: (t.ticks_us(), t.sleep_ms(300), t.ticks_us()))(__import__('time'))")
    assert 300_000 <= took[2] - took[0] < 330_000  # a collection of garbage may come in between
    assert time.monotonic() - begun >= 0.29
    frequency = board.eval("__import__('machine').freq()")
    before = board.machine.control.registers()
    micros = board.exec("import time\nt=time.ticks_us()\nfor i in range(2000): pass\nprint(time.ticks_us()-t)")
    cycles = board.machine.control.registers().cycles - before.cycles
    assert 0 < int(micros) * frequency / 1e6 < cycles


def test_a_board_that_waits_leaves_the_host_alone(board):
    def used() -> int:
        said = Path(f"/proc/{board.machine.process.pid}/stat").read_text()
        return sum(map(int, said.rpartition(")")[2].split()[11:13]))

    time.sleep(0.2)
    before = used()
    time.sleep(1)
    assert used() - before <= 0.1 * os.sysconf("SC_CLK_TCK")


def test_memory_of_the_guest(board):
    data = board.hold(np.arange(1000, dtype=np.uint16))
    address = board.call("lambda a: __import__('uctypes').addressof(a)", data)
    memory = board.machine.memory
    assert np.frombuffer(memory.read(address, 2000), "<u2").tolist() == list(range(1000))
    with memory.still():
        memory.write(address, bytes(10))
        pcs = {board.machine.program_counter() for _ in range(5)}
    assert len(pcs) == 1
    assert board.call("lambda a: a[4] + a[5]", data) == 5
    for place in (0x20041FFF, 0x30000000):
        with pytest.raises(HarnessError, match=f"did not read 16 bytes at {place:#x}"):
            memory.read(place, 16)
        assert board.machine.read_memory(place, 16) == b""
    with pytest.raises(HarnessError, match="did not write 4 bytes at 0x10000000"):
        memory.write(0x10000000, bytes(4))


def test_a_loop_in_python_is_ended(board):
    with pytest.raises(PythonLoop, match="it was here"):
        board.exec("while True: pass", timeout=2)
    assert board.eval("1 + 1") == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import machine\nmachine.mem32[0x30000000]", "read from memory that does not exist at address 0x30000000"),
        ("import machine\nmachine.mem32[0x20042000] = 1", "write to memory that does not exist at address 0x20042000"),
        (PUT + "put(0x20000001, 1)", "unaligned write at address 0x20000001"),
        (PUT + "put(0x11000000, 1)", "write to flash at address 0x11000000"),
        ("@micropython.asm_thumb\ndef f():\n    data(2, 0xDE01)\nf()", "breakpoint instruction"),
        ("@micropython.asm_thumb\ndef f():\n    data(2, 0xB650)\nf()", "undefined instruction"),
        ("@micropython.asm_thumb\ndef f():\n    mov(r0, 0)\n    bx(r0)\nf()", "that is not Thumb code"),
    ],
)
def test_a_fault_is_told(board, code, said):
    with pytest.raises(GuestFault, match=rf"(?s)the core took a HardFault: .*{said}") as caught:
        board.exec(code)
    assert caught.value.registers["pc"] >> 28 in (1, 2)
    assert not board.usable


def test_writes_that_do_nothing_on_the_chip_do_nothing(board):
    before = board.machine.memory.read(0x10000000, 16), board.machine.memory.read(0, 16)
    board.exec(PUT + "put(0x10000000, 1)\nput(0, 1)\nput(4, 1)")
    assert (board.machine.memory.read(0x10000000, 16), board.machine.memory.read(0, 16)) == before
    board.soft_reset()


def test_a_loop_in_native_code_is_told(board):
    with pytest.raises(NativeLoop):
        board.exec("@micropython.asm_thumb\ndef f():\n    label(L)\n    b(L)\nf()", timeout=2)
    board.hard_reset()
    assert board.eval("1 + 1") == 2


@pytest.mark.parametrize(
    "code", ["machine.reset()", "w = machine.WDT(timeout=100)\nwhile True: pass"], ids=["reset", "watchdog"]
)
def test_a_reset_of_the_guest(board, code):
    with pytest.raises(GuestReset, match="guest code reset or stopped the machine"):
        board.exec(f"import machine\n{code}")


def test_an_emulator_that_dies(board):
    os.kill(board.machine.process.pid, signal.SIGKILL)
    with pytest.raises(EmulatorDied, match=r"the emulator of pico ended \(signal SIGKILL\)"):
        board.eval("1")


def test_nothing_runs_once_it_is_closed(boot):
    board = boot(instrument=None)
    pid = board.machine.process.pid
    assert pid in {each for each, _, _ in processes()}
    board.close()
    assert soon(lambda: pid not in {each for each, _, _ in processes()})
