"""The line in which a firmware tells of a fault, and what is made of it."""

from __future__ import annotations

import random
import re

import pytest

from mpy_harness.architectures.arm_faults import CFSR, CORTEX_M
from mpy_harness.architectures.riscv_faults import MACHINE_MODE, MCAUSE
from mpy_harness.machines.fault_line import code_shown, explain_fault, find_fault
from mpy_harness.machines.qemu.lockup import find_lockup
from mpy_harness.resources import targets_dir

LINE = (
    b"#FAULT %s pc=0x10114b68 lr=0x1000f59d sp=0x10309618 xpsr=0x21000000 cfsr=0x%08x hfsr=0x%08x"
    b" mmfar=0x00000004 bfar=0xa0000010\r\n"
)


def line(kind: bytes = b"UsageFault", cfsr: int = 0, hfsr: int = 0) -> bytes:
    return LINE % (kind, cfsr, hfsr)


def test_what_the_line_says():
    fault = find_fault(b"output\r\n\n" + line(b"MemManage", 1 << 1 | 1 << 7) + b"more")
    assert fault is not None
    assert fault.kind == "MemManage"
    assert fault.registers == {
        "pc": 0x10114B68, "lr": 0x1000F59D, "sp": 0x10309618, "xpsr": 0x21000000, "cfsr": 0x82, "hfsr": 0,
        "mmfar": 4, "bfar": 0xA0000010,
    }  # fmt: skip
    assert str(fault).splitlines()[0] == (
        "the core took a MemManage: access to memory that does not exist or must not be written, at address 0x00000004"
    )
    assert "pc=0x10114b68" in str(fault)
    assert "0xa0000010, " not in str(fault)  # the other address register is not valid


# What a board with a RISC-V core says.
RISCV = b"#FAULT %s pc=0x80400012 ra=0x%08x sp=0x%08x stack=0x80400000 mcause=0x%08x mtval=0x%08x\r\n"


@pytest.mark.parametrize("cause", MCAUSE)
def test_every_cause_is_explained(cause):
    told = {code: str(find_fault(RISCV % (b"Some", 0, 0x80407F00, code, 0xA0000010))) for code in MCAUSE}
    assert told[cause].startswith(f"the core took a Some: {MCAUSE[cause]}")
    assert len({text.splitlines()[0] for text in told.values()}) == len(MCAUSE)
    assert ("at address 0xa0000010" in told[cause]) == (cause not in {2, 3, 11})


def test_what_mtval_and_sp_say_on_riscv():
    assert ": undefined instruction, which is 0x22c0\n" in str(find_fault(RISCV % (b"X", 0, 0x80407F00, 2, 0x22C0)))
    assert ": undefined instruction\n" in str(find_fault(RISCV % (b"X", 0, 0x80407F00, 2, 0)))
    text = str(find_fault(RISCV % (b"X", 0, 0x803FFFF0, 7, 0x803FFFFC)))
    assert ": stack overflow: the stack pointer passed its limit, store to memory " in text
    assert "no reason recorded" in str(find_fault(RISCV % (b"X", 0, 0x80407F00, 24, 0)))


def test_even_return_addresses_are_in_the_call():
    code = b"#CODE caller=0x80500030 from=0x80500020 00\r\n#CODE caller=0x80500020 from=0x80500010 00\r\n"
    console = RISCV % (b"LoadAccessFault", 0x80500020, 0x80407F00, 5, 0xA0000010) + code
    assert str(explain_fault(console, hex)).splitlines()[2:] == [
        "  pc is in 0x80400012",
        "  ra is in 0x8050001e",
        "  called from 0x8050002e",  # the other one is that in ra
    ]
    assert "called from 0x8050002e" in str(explain_fault(b"#FAULT UncaughtNLR\n" + code, hex))


def test_a_core_without_fault_registers_is_told_as_such():
    fault = find_fault(b"#FAULT HardFault pc=0x00001000 lr=0x00002001 sp=0x20000100 cfsr=0x00000000\n")
    assert "the core took a HardFault: the core does not record why (unknown instruction, " in str(fault)
    fault = find_fault(b"#FAULT HardFault pc=0x00001000 lr=0x00002001 sp=0x1fffff00 cfsr=0x00100000\n")
    assert "the core took a HardFault: stack overflow" in str(fault)


# Bits of the register that have a meaning (Armv8-M Architecture Reference Manual, D1.2.53) but the two
# that say which address is valid.
MEANINGFUL = [0, 1, 3, 4, 5, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 24, 25]


@pytest.mark.parametrize("bit", MEANINGFUL)
def test_every_bit_is_explained(bit):
    fault = find_fault(line(cfsr=1 << bit))
    assert fault is not None
    assert "no reason recorded" not in str(fault)
    explained = str(fault).splitlines()[0]
    others = [str(find_fault(line(cfsr=1 << other))).splitlines()[0] for other in MEANINGFUL if other != bit]
    assert explained not in others


def test_all_bits_at_once():
    fault = find_fault(line(cfsr=0xFFFFFFFF, hfsr=0xFFFFFFFF))
    assert fault is not None
    for text in CFSR.values():
        assert text in str(fault)
    assert "at address 0x00000004" in str(fault)
    assert "at address 0xa0000010" in str(fault)


@pytest.mark.parametrize(
    ("hfsr", "words"),
    [
        (1 << 1, "the vector table could not be read"),
        (1 << 31, "breakpoint"),
        (1 << 30, "breakpoint"),
        (0, "no reason recorded"),
    ],
)
def test_hard_faults(hfsr, words):
    assert words in str(find_fault(line(b"HardFault", hfsr=hfsr)))


def test_an_exception_that_nothing_catches():
    fault = find_fault(b"\n#FAULT UncaughtNLR\r\n")
    assert fault is not None
    assert (fault.kind, fault.registers) == ("UncaughtNLR", {})
    assert "nothing could catch it" in str(fault)


@pytest.mark.parametrize(
    "console",
    [b"", b"#FAULT", b"#FAULT \n", b"no fault\n", b"# FAULT HardFault\n",
     line()[:-1].replace(b"\r", b""), b"#FAULT X pc=0xzz\n",
     b"#FAULT X pc=12\n"],
)  # fmt: skip
def test_what_is_no_such_line(console):
    assert find_fault(console) is None


def test_a_line_that_lacks_registers_is_still_told():
    for text in (b"#FAULT BusFault cfsr=0x00008200\n", b"#FAULT MemManage cfsr=0x00000082\n", b"#FAULT HardFault\n"):
        fault = find_fault(text)
        assert fault is not None
        assert "the core took a " in str(fault)


CODE = (
    b"#CODE pc=0x10300011 from=0x10300000 %s\r\n#CODE caller=0x10300031 from=0x10300020 %s\r\n"
    b"#CODE caller=0x1000f59d from=0x1000f590 00\r\n"
)


def test_code_behind_the_line():
    console = line() + CODE % (bytes(range(32)).hex().encode(), b"ff" * 16)
    assert code_shown(console) == [(0x10300000, bytes(range(32))), (0x10300020, b"\xff" * 16), (0x1000F590, b"\0")]
    fault = explain_fault(console, hex)
    assert str(fault).splitlines()[2:] == [
        "  pc is in 0x10114b68",
        "  lr is in 0x1000f59b",  # a place in the call
        "  called from 0x1030002f",  # the other caller is the one in lr
    ]


def test_the_last_line_may_have_lost_its_end():
    """A UART that waits for its host holds a byte, which the reset takes away."""
    whole = line() + b"#CODE pc=0x10300011 from=0x10300000 0011\r\n#CODE caller=0x10300031 from=0x10300020 2233\r\n"
    for lost in (0, 1, 2):
        console = whole[: len(whole) - lost]
        assert code_shown(console) == [(0x10300000, b"\0\x11"), (0x10300020, b"\x22\x33")]
        assert "called from 0x1030002f" in str(explain_fault(console, "{:#x}".format))
    assert code_shown(whole[:-3])[1] == (0x10300020, b"\x22")


def test_what_the_stack_says_is_all_after_an_overflow():
    console = b"#FAULT UsageFault pc=0x00000000 lr=0x00000000 sp=0x10000000 cfsr=0x00100000\n" + CODE % (b"00", b"00")
    places = str(explain_fault(console, hex)).splitlines()[2:]
    assert places == ["  called from 0x1030002f", "  called from 0x1000f59b"]


@pytest.mark.parametrize(
    "text", [b"#CODE\n", b"#CODE pc=0x1 from=0x1\n", b"#CODE pc=0x1 from=0x1 0\n", b"#CODE pc=0x1 from=0x1 zz\n"]
)
def test_what_is_no_code(text):
    assert code_shown(line() + text) == []


def test_noise_never_crashes():
    chance = random.Random(1)
    for _ in range(300):
        data = bytearray(line(cfsr=chance.getrandbits(32), hfsr=chance.getrandbits(32)))
        data[chance.randrange(len(data))] = chance.randrange(256)
        find_fault(bytes(data))
        data = bytearray(CODE % (b"00" * 16, b"ff" * 16))
        data[chance.randrange(len(data))] = chance.randrange(256)
        code_shown(bytes(data))


DUMP = """qemu-system-arm: warning: nic lan9118.0 has no peer
qemu: fatal: Lockup: can't escalate 3 to HardFault (current priority -1)

R00=00000000 R01=1000f59d R02=00000000 R03=00000000
R12=00000000 R13=10309618 R14=1000f59d R15=10114b68
XPSR=61000003 -ZC- T S handler
s00=00000000 s01=00000000 d00=0000000000000000
FPSCR: 00000000
"""


def test_a_lockup():
    fault = find_lockup(DUMP)
    assert fault is not None
    assert fault.kind == "Lockup"
    assert fault.registers == {"pc": 0x10114B68, "lr": 0x1000F59D, "sp": 0x10309618}
    assert "the core locked up: a fault that could not be handled" in str(fault)
    assert find_lockup("qemu-system-arm: could not load kernel") is None
    assert find_lockup("qemu: fatal: Lockup: x").registers == {}  # type: ignore[union-attr]


def test_boards_report_the_registers_that_are_explained():
    code = (targets_dir() / "boards" / "cortex-m" / "board_fault.c").read_text(encoding="utf-8")
    reported = re.findall(r'board_tell_register\("(\w+)"', code)
    assert {CORTEX_M.status, "hfsr", "mmfar", "bfar"} <= set(reported)
    (bit,) = re.findall(r"#define CFSR_STKOF \(1 << (\d+)\)", code)
    assert CFSR[int(bit)].startswith("stack overflow")
    code = (targets_dir() / "boards" / "riscv32" / "board_fault.c").read_text(encoding="utf-8")
    reported = re.findall(r'board_tell_register\("(\w+)"', code)
    assert {MACHINE_MODE.status, "pc", "ra", "sp", "stack", "mtval"} <= set(reported)
