"""A running QEMU of Espressif's.

It is a QEMU, so it builds upon that machine; what it adds is what its guests are: ESP-IDF, with tasks of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from mpy_harness.errors import GuestFailure
from mpy_harness.machines.espressif.panics import boots, find_panic
from mpy_harness.machines.qemu.machine import Qemu


class EspressifQemu(Qemu):
    """A running QEMU with an ESP32 or its kin."""

    def explain_crash(self, console: bytes, where: Callable[[int], str]) -> GuestFailure | None:
        """Return the panic that ESP-IDF reported, or what any QEMU tells of."""
        return find_panic(console, where) or super().explain_crash(console, where)

    def explain_silence(self, console: bytes) -> str:
        """Tell of a boot that never comes to its end."""
        return "It resets over and over." if boots(console) > 1 else ""
