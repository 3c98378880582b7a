"""A running unix port: its process, a socket for its console, and memory that host and guest share."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.counting.instrument import PeekedRecords
from mpy_harness.errors import GuestFailure, GuestFault
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.machines.base import End, Machine
from mpy_harness.machines.descriptors import nameless, pair
from mpy_harness.machines.fault_line import add_places, callers, find_fault
from mpy_harness.machines.memory import SharedWindow
from mpy_harness.machines.process import EmulatorProcess
from mpy_harness.machines.streams import DescriptorStream
from mpy_harness.machines.unix import valgrind
from mpy_harness.machines.unix.findings import Module, ValgrindFindings
from mpy_harness.targets import Window

_PAGE = 4096
# guest_shared_t of targets/unix/variant/guest.h.
_WHEREABOUTS, _PLACE, _PLACES = struct.Struct("<IIQQ"), struct.Struct("<II"), 256
_ANSWER_SECONDS = 0.5
# Of the error code that x86-64 has for a page fault (Intel 64 Software Developer's Manual, volume 3, section 4.7).
_PAGE_FAULT, _WRITE, _FETCH = 14, 2, 16
_SIGNALS = {
    "SIGILL": "it executed what is no instruction",
    "SIGFPE": "it divided an integer by zero, or the smallest one by -1",
    "SIGABRT": "it called abort()",
}


@dataclass(frozen=True)
class UnixSetup:
    """What is started: the program, the memory that it shares, whether fenced in, and the valgrind to run it in."""

    image: Path
    window: Window
    confined: bool = True
    valgrind: Path | None = None


class UnixProcess(Machine):
    """A running unix port."""

    @classmethod
    def launch(cls, setup: UnixSetup, undo: contextlib.ExitStack) -> UnixProcess:
        """Start it; ``undo`` holds what belongs to it and is closed with it."""
        with contextlib.ExitStack() as theirs:
            console, its_console = pair(undo, theirs)
            shared = nameless(theirs)
            size = setup.window.size + _PAGE
            os.ftruncate(shared, size)
            memory = mmap.mmap(shared, size)
            undo.callback(memory.close)
            view = memoryview(memory)
            undo.callback(view.release)
            words = [str(setup.image), str(shared), f"{setup.window.address:x}", f"{setup.window.size:x}"]
            inherited, output = [shared], None
            if setup.valgrind is not None:
                output = nameless(undo)
                inherited.append(output)
                # valgrind itself needs more system calls than the guest.
                words = [*valgrind.command(setup.valgrind, output), *words, "unconfined", "checked"]
            elif not setup.confined:
                words.append("unconfined")
            process = EmulatorProcess(
                words,
                inherited,
                install_hint="Build the firmware again: mpy-harness setup unix --force.",
                talk=its_console,
                environment={"LC_ALL": "C.UTF-8"},
            )
            undo.callback(process.close)
            return cls(process, DescriptorStream(console), view, setup=setup, findings=output, owned=undo.pop_all())

    def __init__(
        self,
        process: EmulatorProcess,
        console: DescriptorStream,
        memory: memoryview,
        *,
        setup: UnixSetup,
        findings: int | None,
        owned: contextlib.ExitStack,
    ) -> None:
        self.process = process
        self.clock = process.clock
        self.console = console
        self._image = setup.image
        size = setup.window.size
        self._memory, self._shared = memory[:size], memory[size:]
        self.window = SharedWindow(setup.window.address, self._memory)
        if findings is not None:
            self.findings: PeekedRecords | None = ValgrindFindings(findings, self._modules)
        self._owned = owned

    def ended(self) -> End | None:
        """Return how the process ended, or None while it runs."""
        ended = self.process.ended()
        return ended.end if ended else None

    def close(self) -> None:
        """End the process and free what it used."""
        self._memory.release()
        self._shared.release()
        self._owned.close()

    def program_counter(self) -> int | None:
        """Return where the guest is executing; its own handler of a signal tells."""
        found = self._ask()
        return found[0] if found is not None else None

    def stack_pointer(self) -> int | None:
        """Return where the guest's stack ends."""
        found = self._ask()
        return found[1] if found is not None else None

    def read_memory(self, address: int, size: int) -> bytes:
        """Return bytes of the process's memory, b"" where there are none or the kernel does not give them."""
        try:
            with Path(f"/proc/{self.process.pid}/mem").open("rb", buffering=0) as file:
                file.seek(address)
                return file.read(size)
        except (OSError, OverflowError, ValueError):
            return b""

    def explain_crash(self, console: bytes, where: Callable[[int], str]) -> GuestFailure | None:
        """Return the signal that ended the guest, and where that was."""
        fault = find_fault(console)
        if fault is None or fault.kind == "UncaughtNLR":
            return super().explain_crash(console, where)
        values = " ".join(f"{name}=0x{value:x}" for name, value in fault.registers.items() if name != "error")
        told = f"the guest was ended by {fault.kind}: {_reason(fault, Symbols(self._image).stack)}\n  {values}"
        return add_places(GuestFault(fault.kind, fault.registers, told), where, callers(console))

    def _modules(self) -> list[Module]:
        number = _WHEREABOUTS.unpack_from(self._shared)[1]
        places = [
            _PLACE.unpack_from(self._shared, _WHEREABOUTS.size + at * _PLACE.size) for at in range(min(number, _PLACES))
        ]
        return [(address, self.read_memory(address, size)) for address, size in places]

    def _ask(self) -> tuple[int, int] | None:
        if self.ended() is not None:
            return None
        before = self._whereabouts()[0]
        try:
            os.kill(self.process.pid, signal.SIGUSR1)
        except OSError:
            return None
        deadline = time.monotonic() + _ANSWER_SECONDS
        while (told := self._whereabouts())[0] == before:
            if time.monotonic() > deadline or self.ended() is not None:
                return None
            time.sleep(0.001)
        return told[1], told[2]

    def _whereabouts(self) -> tuple[int, int, int]:
        times, _, pc, sp = _WHEREABOUTS.unpack_from(self._shared)
        return times, pc, sp


def _reason(fault: GuestFault, stack: tuple[int, int] | None) -> str:
    registers = fault.registers
    if fault.kind == "SIGSYS":
        return (
            f"native code made the system call {registers.get('call', 0)} of Linux, which the guest may not make. A "
            "native module has MicroPython, and no operating system"
        )
    if fault.kind in _SIGNALS:
        return _SIGNALS[fault.kind]
    if registers.get("trap") != _PAGE_FAULT:
        return "it used an address that cannot be one, or jumped to nowhere"
    error, address = registers.get("error", 0), registers.get("address", 0)
    if stack is not None and 0 < stack[0] - address <= _PAGE:
        size = (stack[1] - stack[0]) >> 10
        return f"its stack of {size} KB is full: it calls itself too often, or has large arrays there"
    does = "jumped to" if error & _FETCH else "wrote to" if error & _WRITE else "read from"
    what = "a null pointer" if address < _PAGE else f"0x{address:08x}"
    return f"it {does} {what}, where it must not"
