"""What goes wrong on an AVR, which has no faults: what its start-up code notices at a program's end."""

from __future__ import annotations

from collections.abc import Mapping

from mpy_harness.architectures.faults import FaultFormat


def _reasons(registers: Mapping[str, int]) -> list[str]:
    del registers
    return ["stack overflow: what lies below the stack was overwritten, its lowest bytes are not as they were painted"]


#: ``painted``: the address, among data, of the lowest bytes that the stack may have.
STACK = FaultFormat("painted", _reasons)
