"""Faults of Cortex-M cores: Armv8-M Architecture Reference Manual (Arm DDI 0553)."""

from __future__ import annotations

from collections.abc import Mapping

from mpy_harness.architectures.faults import FaultFormat

#: Bits of the Configurable Fault Status Register, section D1.2.53.
CFSR = {
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
_ADDRESS_VALID = {7: "mmfar", 15: "bfar"}
# Bits of the HardFault Status Register, section D1.2.109.
_HFSR = {1: "the vector table could not be read", 31: "breakpoint instruction without a debugger"}
_HFSR_FORCED = 30
_UNRECORDED = "the core does not record why (unknown instruction, unaligned access, memory that does not exist?)"


def _reasons(registers: Mapping[str, int]) -> list[str]:
    cfsr, hfsr = registers.get("cfsr", 0), registers.get("hfsr", 0)
    reasons = [text for bit, text in CFSR.items() if cfsr >> bit & 1]
    reasons += [text for bit, text in _HFSR.items() if hfsr >> bit & 1]
    if not reasons and hfsr >> _HFSR_FORCED & 1:  # forced by what has no bit of its own
        reasons.append("breakpoint instruction without a debugger, or a supervisor call while it was masked")
    if not reasons and "hfsr" not in registers:  # Armv6-M (Arm DDI 0419, section B1.5): no register says why
        reasons.append(_UNRECORDED)
    for bit, name in _ADDRESS_VALID.items():
        if cfsr >> bit & 1 and name in registers:
            reasons.append(f"at address 0x{registers[name]:08x}")
    return reasons


CORTEX_M = FaultFormat("cfsr", _reasons)
