"""Machines that QEMU halts at an instruction which it does not know, because their core has no fault for that (AVR)."""

from __future__ import annotations

from mpy_harness.errors import GuestFault
from mpy_harness.machines.qemu.console import WakingStream

_TEXT = (
    "the core came to an instruction that there is none of, and QEMU halted it: a jump through a wrong pointer, or a "
    "return address that was overwritten, by a stack that reached the data for instance"
)


class HaltingStream(WakingStream):
    """A console that ends when QEMU has halted the machine: such a guest sends nothing more, and QEMU does not end."""

    #: Where the machine was halted, None while it is not, or where that is not told.
    halted_at: int | None = None

    def read(self, most: int, seconds: float | None) -> bytes:
        """Return what is there, or wait for it (see ``ByteStream.read``)."""
        try:
            return super().read(most, seconds)
        except TimeoutError:
            if not self._monitor.is_halted():
                raise
            self.halted_at = self._monitor.register("PC")
            self._monitor.execute("quit")
            return b""

    def fault(self) -> GuestFault | None:
        """Return the fault that halted the machine, None where nothing did."""
        if self.halted_at is None:
            return None
        registers = {"pc": self.halted_at}
        return GuestFault("IllegalInstruction", registers, f"{_TEXT}\n  pc=0x{self.halted_at:06x}, or a few before")
