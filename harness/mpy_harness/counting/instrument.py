"""What every way of counting has in common: its mode, the marks that it knows, the records that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

#: "instructions" counts one by one: slow, and what the tests compare "count" with.
Mode = Literal["count", "instructions", "classes", "functions", "memory"]


@dataclass(frozen=True)
class Instrument:
    """What makes an emulator count: in which mode, and which decoder knows the guest's instructions and marks."""

    mode: Mode
    decoder: str


class Records(Protocol):
    """What was counted, as ``records.parse`` reads it."""

    def take(self) -> bytes:
        """Return what was written since the last time; the guest must not be running a region."""
