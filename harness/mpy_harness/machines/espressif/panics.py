"""Recognise what ESP-IDF prints when a program cannot continue, and explain it.

Source: ESP-IDF Programming Guide, "Fatal Errors" and "Watchdogs".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mpy_harness.errors import GuestFault

# Repeats have a limit: a guest may print the begin of a pattern over and over, and the rest is searched from each.
# The core need not be a number: "/" is printed where a cache was off and the core is not known.
_GURU = re.compile(rb"Guru Meditation Error: Core\s{1,4}(\S)\s{1,4}panic'ed \(([^)\r\n]{0,100})\)")
# What is printed where there was no exception: the fault's kind, and a pattern whose group is the explanation.
_OTHERS = (
    ("StackOverflow", re.compile(rb"(A stack overflow in task [^\r\n]{1,32} has been detected)")),
    ("Abort", re.compile(rb"(abort\(\) was called at PC 0x[0-9a-fA-F]{8} on core \d)")),
    ("Assertion", re.compile(rb"(assert failed: [^\r\n]{0,500})")),
)
# It also warns of a task without ending the program.
_WATCHDOG, _ITS_END = b"Task watchdog got triggered", b"task_wdt: Aborting"
_REGISTER = re.compile(rb"\b([A-Z][A-Z0-9/]{0,8}) *: 0x([0-9a-fA-F]{8})\b")
_BACKTRACE = re.compile(rb"Backtrace:((?: ?0x[0-9a-fA-F]{8}:0x[0-9a-fA-F]{8})+)([^\r\n]*)")
_FRAME = re.compile(rb"0x([0-9a-fA-F]{8}):0x[0-9a-fA-F]{8}")
_SHOWN = ("pc", "a0", "a1", "excvaddr", "mepc", "ra", "sp", "mtval")

_REASONS = {
    "LoadProhibited": "read from memory that does not exist or must not be read",
    "StoreProhibited": "write to memory that does not exist or must not be written",
    "InstrFetchProhibited": "jump to memory that holds no code",
    "Load access fault": "read from memory that does not exist or must not be read",
    "Store access fault": "write to memory that does not exist or must not be written",
    "Instruction access fault": "jump to memory that holds no code",
    "IllegalInstruction": "illegal instruction",
    "IntegerDivideByZero": "integer division by zero",
    "LoadStoreAlignment": "unaligned access where only aligned ones are possible",
    "LoadStoreError": "access to memory that takes whole words only",
    "LoadStorePIFAddrError": "access to an address that nothing answers; deep and light sleep do that in an emulator",
    "InstrPIFAddrError": "jump to an address that nothing answers",
    "Cache disabled but cached memory region accessed": "code or data in flash was wanted while flash was written or "
    "erased; on a busy host an emulator may do that by itself, so run it again",
    "Unhandled debug exception": "breakpoint, or a stack that ran over its end",
}


def find_panic(console: bytes, where: Callable[[int], str]) -> GuestFault | None:
    """Return the last panic that the bytes report, None without one; ``where`` puts an address into words."""
    kind, reason, at = _last(console)
    if kind is None:
        return None
    said = console[at:]
    registers = {name.decode().lower(): int(value, 16) for name, value in _REGISTER.findall(said)}
    lines = [f"the firmware gave up: {reason}"]
    values = " ".join(f"{name}=0x{registers[name]:08x}" for name in _SHOWN if name in registers)
    lines += [values] if values else []
    traces = list(_BACKTRACE.finditer(said))
    if traces:
        lines.append("called from, innermost first:")
        lines += [f"  {_place(int(pc, 16), where)}" for pc in _FRAME.findall(traces[-1].group(1))]
        lines += ["  and further, but the stack is damaged"] if b"CORRUPT" in traces[-1].group(2) else []
    elif "mepc" in registers:  # RISC-V has no backtrace; ra may still be of an earlier call
        lines.append("at, and the last call returns to:")
        lines += [f"  {_place(registers[name], where)}" for name in ("mepc", "ra") if name in registers]
    return GuestFault(kind, registers, "\n  ".join(lines))


def _place(address: int, where: Callable[[int], str]) -> str:
    return f"{address:#010x} {where(address)}"


def _last(console: bytes) -> tuple[str | None, str, int]:
    # The panic's kind, its explanation, and where its text begins.
    found: tuple[str | None, str, int] = (None, "", -1)
    for kind, pattern in _OTHERS:
        for match in pattern.finditer(console):
            if match.start() > found[2]:
                found = (kind, match.group(1).decode("utf-8", "replace"), match.start())
    begun = console.rfind(_WATCHDOG, 0, max(0, console.rfind(_ITS_END)))
    if begun > found[2]:
        found = ("TaskWatchdog", _WATCHDOG.decode(), begun)
    for match in _GURU.finditer(console):
        kind = match.group(2).decode("utf-8", "replace")
        explained = f"{_REASONS[kind]} ({kind})" if kind in _REASONS else kind
        if match.start() > found[2]:
            core = match.group(1).decode("ascii", "replace")
            found = (kind, f"{explained} on core {core}" if core.isdecimal() else explained, match.start())
    return found


def boots(console: bytes) -> int:
    """Return how many resets the chip's ROM reported: more than one is a reset that nobody asked for."""
    return len(re.findall(rb"^rst:0x", console, re.MULTILINE))
