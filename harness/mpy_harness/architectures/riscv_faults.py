"""Faults of RISC-V cores in machine mode: The RISC-V Instruction Set Manual, volume II."""

from __future__ import annotations

from collections.abc import Mapping

from mpy_harness.architectures.faults import FaultFormat

#: Exception codes of mcause, "Machine Cause Register".
MCAUSE = {
    0: "jump to an address that is no multiple of an instruction's size",
    1: "instruction fetch from memory that does not exist or must not be executed",
    2: "undefined instruction",
    3: "breakpoint instruction without a debugger",
    4: "unaligned load",
    5: "load from memory that does not exist or must not be read",
    6: "unaligned store",
    7: "store to memory that does not exist or must not be written",
    11: "environment call, which nothing answers",
}
_INSTRUCTION = 2
_WITH_ADDRESS = {0, 1, 4, 5, 6, 7}


def _reasons(registers: Mapping[str, int]) -> list[str]:
    cause = registers.get("mcause", 0)
    reasons = [MCAUSE[cause]] if cause in MCAUSE else []
    if "mtval" in registers and cause in _WITH_ADDRESS:
        reasons.append(f"at address 0x{registers['mtval']:08x}")
    if registers.get("mtval") and cause == _INSTRUCTION:
        reasons.append(f"which is 0x{registers['mtval']:x}")
    if registers.get("sp", 0) < registers.get("stack", 0):  # the register's value, and the least that it may have
        reasons.insert(0, "stack overflow: the stack pointer passed its limit")
    return reasons


MACHINE_MODE = FaultFormat("mcause", _reasons)
