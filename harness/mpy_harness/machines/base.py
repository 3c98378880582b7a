"""What every emulator offers: a console, a way to the guest's memory, a way to look in and an end."""

from __future__ import annotations

import os
import re
import signal
import socket
import tempfile
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import IO, Protocol

from mpy_harness.counting.instrument import Records

_REGISTER_DUMP = re.compile(r"^(\w+=[0-9a-f]{8}|FPSCR:).*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Exit:
    """How an emulator's process ended: its status (negative: killed by that signal) and stderr."""

    status: int
    stderr: str

    @property
    def how(self) -> str:
        """Return the status in words."""
        if self.status >= 0:
            return f"status {self.status}"
        names = {number.value: number.name for number in signal.Signals}
        return f"signal {names.get(-self.status, -self.status)}"

    @property
    def message(self) -> str:
        """Return stderr as people want it: without the dump of all registers that QEMU adds."""
        return _REGISTER_DUMP.sub("", self.stderr).strip()


class GuestMemory(Protocol):
    """Guest memory that the host reaches by the guest's addresses.

    All raise GuestMemoryFailed.
    """

    def read(self, address: int, size: int) -> bytes:
        """Return the bytes from an address on."""

    def write(self, address: int, data: bytes) -> None:
        """Write bytes from an address on."""

    def still(self) -> AbstractContextManager[None]:
        """Return what keeps the guest from running during several accesses, where one costs a stop of its own."""


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
        """Return what does nothing: the guest may run."""
        return nullcontext()


class Storage:
    """What a guest keeps while it is switched off, as a real board's flash: a file without a name.

    It is empty until an emulator first asks for it, and goes with the object.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None

    def descriptor(self, content: Callable[[], bytes]) -> int:
        """Return the file's descriptor; the first time, it is filled with ``content``."""
        if self._file is None:
            # In memory where the system offers that.
            in_memory = hasattr(os, "memfd_create")
            file = os.fdopen(os.memfd_create("mpy-harness"), "w+b") if in_memory else tempfile.TemporaryFile()  # noqa: SIM115
            weakref.finalize(self, file.close)
            file.write(content())
            file.flush()
            self._file = file
        return self._file.fileno()


class Emulator(Protocol):
    """A running emulator process that holds one guest."""

    #: The guest's console as a connected byte stream.
    console: socket.socket
    #: Memory shared with the guest, where the target has some.
    window: SharedWindow | None
    #: Access to all of the guest's memory, where there is no window and the emulator offers it.
    memory: GuestMemory | None
    #: What the plugin that counts writes, where it was started with one.
    records: Records | None

    def ended(self) -> Exit | None:
        """Return how the process ended, or None while it runs."""

    def may_have_lost_output(self) -> bool:
        """Tell whether console output may have been dropped because it was not taken in time."""

    def program_counter(self) -> int | None:
        """Return where the guest is executing, or None if the emulator does not tell."""

    def close(self) -> None:
        """End the process and free what it used. Calling it again does nothing."""
