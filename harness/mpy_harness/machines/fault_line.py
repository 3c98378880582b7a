"""Recognise the line in which a board's firmware reports a fault of its core, and explain it.

The line is that of the boards in ``targets/``: ``#FAULT <kind> <register>=0x<value> ...``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mpy_harness import architectures
from mpy_harness.errors import GuestFault

MARK = b"#FAULT "
_LINE = re.compile(rb"#FAULT (\w+)((?: \w+=0x[0-9a-f]+)*)\r?\n")


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
    reasons = architectures.fault_reasons(registers)
    values = " ".join(f"{name}=0x{value:08x}" for name, value in registers.items())
    return f"the core took a {kind}: {', '.join(reasons) or 'no reason recorded'}\n  {values}"
