"""A guest's memory as the host sees it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol


class GuestMemory(Protocol):
    """Guest memory that the host reaches by the guest's addresses.

    All methods raise GuestMemoryFailed.
    """

    def read(self, address: int, size: int) -> bytes:
        """Return the bytes from an address on."""

    def write(self, address: int, data: bytes) -> None:
        """Write bytes from an address on."""

    def still(self) -> AbstractContextManager[None]:
        """Return a context in which the guest is stopped, so that several accesses cost one stop."""


@dataclass(frozen=True)
class SharedWindow:
    """A part of the guest's memory that the host sees while the guest runs: its address there, its bytes here."""

    address: int
    memory: memoryview

    def read(self, address: int, size: int) -> bytes:
        """Return the bytes from an address in the window on."""
        return bytes(self.memory[address - self.address : address - self.address + size])

    def write(self, address: int, data: bytes) -> None:
        """Write bytes from an address in the window on."""
        self.memory[address - self.address : address - self.address + len(data)] = data

    def still(self) -> AbstractContextManager[None]:
        """Return a context that does nothing: the guest need not stop."""
        return nullcontext()
