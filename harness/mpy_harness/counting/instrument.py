"""What every way of counting has in common: its mode, the marks that it knows, the records that it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

#: "instructions" counts one by one: slow, and what the tests compare "count" with.
Mode = Literal["count", "instructions", "classes", "functions", "memory"]

#: How native code's use of memory is checked: not at all, as it is, with collections at each of its allocations, with
#: reads of what nobody has written, with both.
Check = Literal["", "memory", "stress", "unwritten", "stress, unwritten"]


def check_asked_for(*, memory: bool, stress: bool = False, unwritten: bool = False) -> Check:
    """Return the check of what native code does to memory that is asked for; the others are more than the first."""
    if unwritten:
        return "stress, unwritten" if stress else "unwritten"
    return "stress" if stress else "memory" if memory else ""


@dataclass(frozen=True)
class Instrument:
    """What makes an emulator count: in which mode, and which decoder knows the guest's instructions and marks.

    Without a mode it counts nothing, and only checks what native code does to memory. One that ``holds`` lets the host
    stop the guest at what it finds there.
    """

    mode: Mode | None
    decoder: str
    holds: bool = field(default=False, kw_only=True)


class Records(Protocol):
    """What was counted, as ``records.parse`` reads it."""

    def take(self) -> bytes:
        """Return what was written since the last time; the guest must not be running a region."""


class PeekedRecords(Records, Protocol):
    """Records that can be looked at before they are taken."""

    def peek(self) -> bytes:
        """Return what was written since the last time that it was taken."""
