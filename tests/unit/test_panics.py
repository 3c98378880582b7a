"""What ESP-IDF prints when a program cannot go on, put into words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mpy_harness.firmware.symbols import Symbols
from mpy_harness.firmware.toolchain import find
from mpy_harness.machines.espressif.panics import boots, find_panic

# In the form that ESP-IDF 5 prints it in.
GURU = b"""\
A fatal error occurred. The crash dump printed below may be used to help\r
determine what caused it.\r
\r
Guru Meditation Error: Core  1 panic'ed (%s). Exception was unhandled.\r
\r
Core  1 register dump:\r
PC      : 0x400d1006  PS      : 0x00060e30  A0      : 0x800d2011  A1      : 0x3ffceed0  \r
A14     : 0x00000001  A15     : 0x3f41f73c  SAR     : 0x0000001c  EXCCAUSE: 0x0000001c  \r
EXCVADDR: 0x00000004  LBEG    : 0x4012239a  LEND    : 0x401223a3  LCOUNT  : 0x00000000  \r
\r
\r
Backtrace: 0x400d1003:0x3ffceed0 0x400d200e:0x3ffceef0%s\r
\r
Rebooting...\r
"""
WATCHDOG = b"""\
E (9969) task_wdt: Task watchdog got triggered. The following tasks/users did not reset the watchdog in time:\r
E (9969) task_wdt:  - mpy_machine_wdt (CPU 0/1)\r
Backtrace: 0x40164A76:0x3FFBFFD0 0x40086931:0x3FFC0000\r
E (9969) task_wdt: Aborting.\r
Backtrace: 0x4000bfed:0x3ffceeb0 0x40097a89:0x3ffceec0\r
"""


def test_a_panic_with_registers_and_names():
    names = {0x400D1003: "inner()", 0x400D200E: "outer()"}
    fault = find_panic(b"before\r\n" + GURU % (b"LoadProhibited", b""), names.__getitem__)
    assert fault is not None
    assert fault.kind == "LoadProhibited"
    assert fault.registers["pc"] == 0x400D1006
    assert fault.registers["excvaddr"] == 4
    assert fault.registers["sar"] == 0x1C
    assert str(fault).splitlines() == [
        "the firmware gave up: read from memory that does not exist or must not be read (LoadProhibited) on core 1",
        "  pc=0x400d1006 a0=0x800d2011 a1=0x3ffceed0 excvaddr=0x00000004",
        "  called from, innermost first:",
        "    0x400d1003 inner()",
        "    0x400d200e outer()",
    ]


def test_the_last_panic_counts_and_what_is_not_known_is_quoted():
    text = GURU % (b"LoadProhibited", b"") + GURU % (b"Interrupt wdt timeout on CPU1", b" |<-CORRUPTED")
    fault = find_panic(text, hex)
    assert fault is not None
    assert fault.kind == "Interrupt wdt timeout on CPU1"
    assert "the firmware gave up: Interrupt wdt timeout on CPU1 on core 1" in str(fault)
    assert str(fault).endswith("and further, but the stack is damaged")


@pytest.mark.parametrize(
    ("printed", "kind", "said"),
    [
        (WATCHDOG, "TaskWatchdog", "Task watchdog got triggered"),
        (b"\r\nabort() was called at PC 0x400d1234 on core 0\r\n", "Abort", "abort() was called at PC 0x400d1234"),
        (b"assert failed: f file.c:12 (x > 0)\r\n", "Assertion", "assert failed: f file.c:12 (x > 0)"),
        (
            b"***ERROR*** A stack overflow in task mp_task has been detected.\r\n",
            "StackOverflow",
            "A stack overflow in task mp_task has been detected",
        ),
    ],
)
def test_other_ends(printed, kind, said):
    fault = find_panic(b"x\r\n" + printed, hex)
    assert fault is not None
    assert fault.kind == kind
    assert f"the firmware gave up: {said}" in str(fault)


def test_the_watchdog_that_ended_the_program_counts_not_one_that_warned():
    fault = find_panic(WATCHDOG.partition(b"E (9969) task_wdt: Aborting")[0] + b"PC      : 0x1\r\n" + WATCHDOG, hex)
    assert fault is not None
    assert fault.kind == "TaskWatchdog"
    assert "pc" not in fault.registers


@pytest.mark.parametrize(
    "begin",
    [
        b"Guru Meditation Error: Core  0 panic'ed (",
        b"Guru Meditation Error: Core ",
        b"A stack overflow in task ",
        b"task_wdt: Task watchdog got triggered",
        b"assert",
        b"Backtrace: 0x40000000:0x3ffb0000 ",
        b"A: PC",
    ],
)
def test_a_guest_that_prints_begins_of_panics_does_not_hold_up_the_host(begin):
    # Where the time grew with the square of the length, this took minutes.
    assert find_panic(begin * (1_000_000 // len(begin)), hex) is None


def test_a_panic_on_a_core_that_cannot_be_told():
    said = GURU.replace(b"Core  1 panic", b"Core  / panic") % (b"Cache disabled but cached memory region accessed", b"")
    fault = find_panic(said, lambda _: "somewhere")
    assert fault is not None
    assert "an emulator may do that by itself, so run it again (Cache disabled" in str(fault)
    assert "on core" not in str(fault)


def test_the_watchdogs_backtrace_is_that_of_the_task_it_stopped():
    fault = find_panic(WATCHDOG, hex)
    assert fault is not None
    assert "0x4000bfed" in str(fault)
    assert "0x40164a76" not in str(fault)


@pytest.mark.parametrize(
    "printed", [b"", b"rst:0x1 (POWERON_RESET)", b"Guru", b"task_wdt: Task watchdog got triggered"]
)
def test_no_panic(printed):
    assert find_panic(printed, hex) is None


def test_resets_are_counted():
    line = b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x12 (SPI_FAST_FLASH_BOOT)\r\n"
    assert boots(b"") == 0
    assert boots(line) == 1
    assert boots(line + b"a program says rst:0x1\r\n" + line) == 2


ASSEMBLY = """
.text
.skip 0x1000
.type inner, @function
inner: .skip 16
.size inner, 16
"""


@pytest.fixture
def elf(tmp_path: Path) -> Path:
    """An ELF file with a function at 0x400d1000 beside an image that is none."""
    (tmp_path / "it.s").write_text(ASSEMBLY)
    compiler = find("gcc", "the test")
    options = ["-nostdlib", "-static", "-no-pie", "-Wl,-Ttext=0x400d0000,-e0", "-Wl,--build-id=none"]
    subprocess.run([compiler, *options, "-o", tmp_path / "it.elf", tmp_path / "it.s"], check=True, timeout=60)
    (tmp_path / "it.bin").write_bytes(b"\xe9" + bytes(100))
    return tmp_path / "it.elf"


def test_the_elf_file_beside_an_image_gives_names(elf):
    fault = find_panic(GURU % (b"IllegalInstruction", b""), Symbols(elf.with_suffix(".bin")).describe)
    assert fault is not None
    assert "    0x400d1003 inner() of the firmware\n" in str(fault)
    elf.unlink()
    assert Symbols(elf.with_suffix(".bin")).describe(0x400D1003) == "code without a name: the image has no symbols"
