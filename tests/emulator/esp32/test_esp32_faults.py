"""What goes wrong on an ESP32 is told apart: the guest's fault, or the machinery's."""

from __future__ import annotations

import time

import pytest

from mpy_harness.board.console import Console
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import (
    ConsoleGarbled,
    FirmwareInvalid,
    FirmwareSilent,
    GuestFailure,
    GuestFault,
    GuestReset,
    GuestTimeout,
    NativeLoop,
    PythonLoop,
    ToolMissing,
)
from mpy_harness.firmware.natmods import NatmodBuild
from tests.emulator.tiny import MAKEFILE

# What a panic says by itself, by its chip: kind, register with the address, what comes before where it was.
PANICS = {
    "esp32": ("LoadProhibited", "excvaddr", "called from, innermost first:\n    0x40"),
    "esp32c3": ("Load access fault", "mtval", "at, and the last call returns to:\n    0x42"),
}


def test_a_panic_is_a_fault_with_its_backtrace(board, esp32):
    kind, register, begin = PANICS[esp32.name]
    with pytest.raises(GuestFault) as caught:
        board.exec("import machine\nmachine.mem32[0]")
    assert caught.value.kind == kind
    assert caught.value.registers[register] == 0
    assert "read from memory that does not exist or must not be read" in str(caught.value)
    assert begin in str(caught.value)
    assert not board.usable
    board.hard_reset()
    assert board.eval("6 * 7") == 42


BAD = """
#include "py/dynruntime.h"

static mp_obj_t spin(void) {
    for (volatile int on = 1; on;) {
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(spin_obj, spin);

static mp_obj_t write(mp_obj_t to) {
    *(volatile int *)mp_obj_get_int(to) = 1;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(write_obj, write);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_spin, MP_OBJ_FROM_PTR(&spin_obj));
    mp_store_global(MP_QSTR_write, MP_OBJ_FROM_PTR(&write_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""


@pytest.fixture
def bad(esp32, tmp_path) -> NatmodBuild:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE.format(name="bad"))
    (folder / "bad.c").write_text(BAD)
    try:
        return build_module(folder, esp32)
    except ToolMissing as error:
        pytest.skip(f"no compiler for native modules of the {esp32.name}: {error}")


def test_a_loop_in_native_code_names_its_line(board, bad):
    module = board.import_native(bad)
    with pytest.raises(NativeLoop, match=r"in spin\(\) of the native module bad, bad\.c:\d"):
        module.spin(timeout=10)
    board.hard_reset()


def test_a_panic_in_native_code_names_the_module(board, bad):
    module = board.import_native(bad)
    # The board may have loaded others in tests before; which one it was is not known.
    with pytest.raises(GuestFault, match=r"a native module's, (most likely|perhaps) \((\w+, )*bad(, \w+)*\)"):
        module.write(0)
    board.hard_reset()


def test_a_reset(board):
    with pytest.raises(GuestReset):
        board.exec("import machine\nmachine.reset()")


def test_the_watchdog_is_the_firmwares(board):
    with pytest.raises(GuestFault) as caught:
        board.exec("import machine\nw = machine.WDT(timeout=1000)\nwhile True: pass")
    assert caught.value.kind == "TaskWatchdog"


def test_sleep_that_the_emulator_does_not_have_ends_clearly(board):
    with pytest.raises((GuestFault, GuestReset, GuestTimeout)) as caught:
        board.exec("import machine\nmachine.deepsleep(100)", timeout=20)
    assert isinstance(caught.value, GuestFailure)


def test_code_that_does_not_end(board):
    with pytest.raises(PythonLoop, match=r"File .<exec>., line 1"):
        board.exec("while True: pass", timeout=10)
    assert board.eval("6 * 7") == 42


def test_output_beyond_all_buffers_while_the_host_is_slow(board, monkeypatch):
    # Much more than a socket takes; each read waits, as on a host that has other things to do.
    read = Console.read_nonblocking

    def slowly(console, size=1, timeout=-1):
        time.sleep(0.02)
        return read(console, min(size, 4096), timeout)

    monkeypatch.setattr(Console, "read_nonblocking", slowly)
    printed = board.exec("for i in range(12000): print('%05d' % i, 'x' * 20)")
    assert printed == "".join(f"{number:05} {'x' * 20}\n" for number in range(12000))


def test_output_that_may_be_lost_is_told_of(board, monkeypatch):
    monkeypatch.setattr(board.machine._relay, "may_have_lost", True)
    with pytest.raises(ConsoleGarbled, match="the emulator may have dropped output"):
        board.exec("print(1)")


def test_firmware_for_another_chip(boot, image, tmp_path):
    data = bytearray(image.read_bytes())
    data[12] = 9
    (tmp_path / "s3.bin").write_bytes(data)
    with pytest.raises(FirmwareInvalid, match=r"s3\.bin is for esp32s3, the target is an esp32"):
        boot(tmp_path / "s3.bin")


def test_firmware_that_is_cut_short_never_reaches_a_prompt(boot, image, tmp_path):
    (tmp_path / "half.bin").write_bytes(image.read_bytes()[: image.stat().st_size // 2])
    with pytest.raises(FirmwareSilent, match=r"half\.bin showed no MicroPython prompt") as caught:
        boot(tmp_path / "half.bin", boot_seconds=30)
    assert "Its console said:" in str(caught.value)
