"""Recognise the line in which a board's firmware reports a fault of its core, and explain it.

The line is that of the boards in ``targets/``: ``#FAULT <kind> <register>=0x<value> ...``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mpy_harness.errors import GuestFault

MARK = b"#FAULT "
_LINE = re.compile(rb"#FAULT (\w+)((?: \w+=0x[0-9a-f]+)*)\r?\n")

# Bits of the Configurable Fault Status Register: Armv8-M Architecture Reference Manual
# (Arm DDI 0553), section D1.2.53, and of the HardFault Status Register, D1.2.109.
_CFSR = {
    0: "instruction fetch from memory that must not be executed",
    1: "access to memory that does not exist or must not be written",
    3: "memory fault while leaving an exception",
    4: "memory fault while entering an exception",
    5: "memory fault while saving floating-point state",
    8: "instruction fetch failed on the bus",
    9: "data access failed on the bus",
    10: "data access failed on the bus, some instructions earlier",
    11: "bus fault while leaving an exception",
    12: "bus fault while entering an exception",
    13: "bus fault while saving floating-point state",
    16: "undefined instruction",
    17: "branch to an address that is not Thumb code (even address)",
    18: "invalid exception return",
    19: "floating point or coprocessor instruction without the unit",
    20: "stack overflow: the stack pointer passed its limit",
    24: "unaligned access",
    25: "integer division by zero",
}
_CFSR_ADDRESS_VALID = {7: "mmfar", 15: "bfar"}
_HFSR = {1: "the vector table could not be read", 31: "breakpoint instruction without a debugger"}
_HFSR_FORCED = 30


def find_fault(console: bytes) -> GuestFault | None:
    """Return the fault that the bytes report, None without one."""
    found = _LINE.search(console)
    if found is None:
        return None
    kind = found.group(1).decode()
    registers = {name: int(value, 16) for name, value in (part.split("=") for part in found.group(2).decode().split())}
    return GuestFault(kind, registers, _explain(kind, registers))


def explain_fault(console: bytes, where: Callable[[int], str]) -> GuestFault | None:
    """Return the fault that the bytes report, with its places; ``where`` puts an address into words."""
    fault = find_fault(console)
    return add_places(fault, where) if fault is not None else None


def add_places(fault: GuestFault, where: Callable[[int], str]) -> GuestFault:
    """Add to a fault's explanation where the core was, and where it had been called from."""
    places = [f"{name} is in {where(fault.registers[name])}" for name in ("pc", "lr") if name in fault.registers]
    fault.args = ("\n  ".join([fault.args[0], *places]),)
    return fault


def _explain(kind: str, registers: dict[str, int]) -> str:
    if kind == "UncaughtNLR":
        return "the guest raised an exception where nothing could catch it (a native module outside of any call?)"
    cfsr, hfsr = registers.get("cfsr", 0), registers.get("hfsr", 0)
    reasons = [text for bit, text in _CFSR.items() if cfsr >> bit & 1]
    reasons += [text for bit, text in _HFSR.items() if hfsr >> bit & 1]
    if not reasons and hfsr >> _HFSR_FORCED & 1:  # forced by what has no bit of its own
        reasons.append("breakpoint instruction without a debugger, or a supervisor call while it was masked")
    for bit, name in _CFSR_ADDRESS_VALID.items():
        if cfsr >> bit & 1 and name in registers:
            reasons.append(f"at address 0x{registers[name]:08x}")
    values = " ".join(f"{name}=0x{value:08x}" for name, value in registers.items())
    return f"the core took a {kind}: {', '.join(reasons) or 'no reason recorded'}\n  {values}"
