"""What QEMU writes to its standard error when it gives up, and the fault that this tells of."""

from __future__ import annotations

import re

from mpy_harness.errors import GuestFault

_LOCKUP = re.compile(r"qemu: fatal: Lockup: (.*)")
# The registers as QEMU prints all of them then.
_PRINTED = {"pc": "R15", "lr": "R14", "sp": "R13"}
_REGISTER_LINES = re.compile(r"^(\w+=[0-9a-f]{8}|FPSCR:).*\n?", re.MULTILINE)


def find_lockup(stderr: str) -> GuestFault | None:
    """Return the fault that ended QEMU because the core could not handle it, if that was it."""
    found = _LOCKUP.search(stderr)
    if found is None:
        return None
    printed = {name: re.search(rf"\b{theirs}=([0-9a-f]{{8}})", stderr) for name, theirs in _PRINTED.items()}
    registers = {name: int(value.group(1), 16) for name, value in printed.items() if value}
    values = " ".join(f"{name}=0x{value:08x}" for name, value in registers.items())
    text = f"the core locked up: a fault that could not be handled where it happened ({found.group(1)})\n  {values}"
    return GuestFault("Lockup", registers, text)


def without_registers(stderr: str) -> str:
    """Return the message alone, without the registers that QEMU prints after it."""
    return _REGISTER_LINES.sub("", stderr).strip()
