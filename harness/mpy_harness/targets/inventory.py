"""What a machine of an emulator consists of, as far as a target is made from that."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """Memory as the core sees it, in bytes. A memory that is there twice is two regions of one name."""

    name: str
    origin: int
    length: int
    is_writable: bool

    def holds(self, address: int) -> bool:
        """Tell whether an address is in it."""
        return self.origin <= address < self.origin + self.length


@dataclass(frozen=True)
class Uart:
    """A serial port: what the emulator calls its kind, where its registers are, and its interrupt.

    Each of the two is None where the emulator does not tell it.
    """

    kind: str
    address: int | None
    interrupt: int | None


@dataclass(frozen=True)
class Inventory:
    """A machine: its core by the name that GCC has for it, clock in Hz, memories and the port of the console.

    ``main`` is the name of the memory that an emulator can share with the host.
    """

    binary: str
    machine: str
    core: str
    clock: int
    regions: tuple[Region, ...]
    console: Uart | None
    main: str = ""
