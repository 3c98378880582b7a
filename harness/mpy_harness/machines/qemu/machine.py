"""A running QEMU, and what every one is started with.

The console, QMP and GDB's protocol run over sockets and pipes, and shared memory has no name; QEMU inherits its ends.
Nothing of them is ever on a disk, so nothing is left behind, whichever way our process ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from typing_extensions import Self

from mpy_harness.counting.instrument import Instrument, Records
from mpy_harness.counting.plugin import Plugin, PluginRecords
from mpy_harness.errors import EmulatorRefused, GuestFailure
from mpy_harness.machines.base import End, Machine
from mpy_harness.machines.descriptors import nameless, pair
from mpy_harness.machines.fault_line import add_places
from mpy_harness.machines.memory import GuestMemory, SharedWindow
from mpy_harness.machines.process import EmulatorProcess
from mpy_harness.machines.qemu.gdb import GdbMemory
from mpy_harness.machines.qemu.lockup import find_lockup, without_registers
from mpy_harness.machines.qemu.qmp import Qmp
from mpy_harness.machines.relay import Relay
from mpy_harness.machines.streams import DescriptorStream

_SETUP_SECONDS = 15.0
_PIPE_BYTES = 1 << 20
#: Memory for translated code, in MiB, where a set-up says nothing else. Code that is loaded again is translated again,
#: and the old translation is only forgotten with all others, when this is full. QEMU would take up to 1024; firmware
#: needs 3 to 10 at a time.
TRANSLATIONS = 32


@dataclass(frozen=True)
class QemuSetup:
    """What a QEMU is started with: its program, options and the descriptors in them, and how to get it.

    ``window`` is the shared memory that the options describe; without it, memory is reached with GDB's protocol.
    ``core`` is the one that runs MicroPython. ``eager``: read the console at once, because this QEMU drops output that
    is not taken. ``translations``: memory for translated code, in MiB.
    """

    binary: Path
    options: Sequence[str]
    inherited: Sequence[int]
    hint: str
    window: SharedWindow | None = None
    core: int = 0
    eager: bool = False
    translations: int | None = None


AnyQemu = TypeVar("AnyQemu", bound="Qemu")


class Qemu(Machine):
    """A running QEMU."""

    @classmethod
    def launch(cls, setup: QemuSetup, instrument: Instrument | None, undo: contextlib.ExitStack) -> Self:
        """Start QEMU; ``undo`` holds what belongs to it and is closed with it."""
        with contextlib.ExitStack() as theirs:
            qmp, its_qmp = pair(undo, theirs)
            inherited = [*setup.inherited, its_qmp]
            options = list(setup.options)
            memory = records = None
            if setup.window is None:
                gdb, its_gdb = pair(undo, theirs)
                inherited.append(its_gdb)
                options += ["-chardev", f"socket,id=gdb,fd={its_gdb}", "-gdb", "chardev:gdb"]
                memory = GdbMemory(gdb)
            if isinstance(instrument, Plugin):
                output, functions = nameless(undo), nameless(theirs)
                os.write(functions, instrument.functions.encode())
                fcntl.fcntl(output, fcntl.F_SETFL, os.O_APPEND)  # so that what was read can be cut off
                inherited += [output, functions]
                options += ["-plugin", instrument.option(output, functions)]
                records = PluginRecords(output)
            console, relay, chardev = _console(setup.eager, inherited, undo, theirs)
            arguments = [
                *(str(setup.binary), "-accel", f"tcg,tb-size={setup.translations or TRANSLATIONS}", *options),
                *("-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot", "-S"),
                *("-chardev", chardev, "-serial", "chardev:console"),
                *("-chardev", f"socket,id=qmp,fd={its_qmp}", "-mon", "chardev=qmp,mode=control"),
            ]
            process = EmulatorProcess(arguments, inherited, install_hint=setup.hint)
            undo.callback(process.close)
            theirs.close()  # so that our ends notice when QEMU is gone
            monitor = Qmp(qmp, setup.core)
            undo.callback(monitor.close)
            # The guest begins (-S, cont) when QEMU has answered: one that ends at once would look like a QEMU that does
            # not come up, and one that prints more than the console takes keeps QEMU from answering until we read.
            if not monitor.greet(_SETUP_SECONDS) or not monitor.begin("cont"):
                raise process.death("did not set up its machine")
            return cls(
                process,
                console,
                monitor,
                relay,
                window=setup.window,
                memory=memory,
                records=records,
                resources=undo.pop_all(),
            )

    def __init__(
        self,
        process: EmulatorProcess,
        console: DescriptorStream,
        monitor: Qmp,
        relay: Relay | None,
        *,
        window: SharedWindow | None,
        memory: GuestMemory | None,
        records: Records | None,
        resources: contextlib.ExitStack,
    ) -> None:
        self.process = process
        self.console = console
        self.window = window
        self.memory = memory
        self.records = records
        self._monitor = monitor
        self._relay = relay
        self._resources = resources
        self._end: End | None = None

    def ended(self) -> End | None:
        """Return how QEMU ended, or None while it runs."""
        ended = self.process.ended()
        if ended is not None and self._end is None:
            end = replace(ended.end, message=without_registers(ended.stderr))
            # A QEMU that SIGTERM ended has the same status as one that its guest ended; only its last event tells.
            reason = self._monitor.ended_from_outside()
            self._end = replace(end, how=f"{end.how}, from outside: {reason}", by_guest=False) if reason else end
        return self._end

    def may_have_lost_output(self) -> bool:
        """Tell whether QEMU may have dropped output because it was not taken in time."""
        return self._relay is not None and self._relay.may_have_lost

    def program_counter(self) -> int | None:
        """Return the program counter of the core that runs MicroPython."""
        return self._monitor.register("R15", "pc", "PC")

    def stack_pointer(self) -> int | None:
        """Return the stack pointer of that core, where it is a Cortex-M."""
        return self._monitor.register("R13")

    def read_memory(self, address: int, size: int) -> bytes:
        """Return bytes of the guest's memory, b"" where there is none."""
        return self._monitor.read_memory(address, size)

    def explain_crash(self, console: bytes, where: Callable[[int], str]) -> GuestFailure | None:
        """Return the fault that the firmware reported, or that QEMU could not go on after."""
        fault = super().explain_crash(console, where)
        ended = self.process.ended()
        if fault is not None or ended is None:
            return fault
        lockup = find_lockup(ended.stderr)
        return add_places(lockup, where) if lockup is not None else None

    def execute(self, command: str) -> str:
        """Run a command of QEMU's monitor and return what it said. Raises EmulatorRefused."""
        said = self._monitor.execute("human-monitor-command", **{"command-line": command})
        if not isinstance(said, str):
            raise EmulatorRefused(f"QEMU did not do {command!r}")
        return said

    def close(self) -> None:
        """End QEMU and free what it used."""
        self._resources.close()


def _console(
    eager: bool, inherited: list[int], undo: contextlib.ExitStack, theirs: contextlib.ExitStack
) -> tuple[DescriptorStream, Relay | None, str]:
    # Our end of the console, what is between, and QEMU's end as its option says it.
    if not eager:
        console, its_console = pair(undo, theirs)
        inherited.append(its_console)
        return DescriptorStream(console), None, f"socket,id=console,fd={its_console}"
    console, relayed = socket.socketpair()
    undo.enter_context(console)
    # Pipes, because a socket takes no more than some hundred of the single bytes that a UART sends.
    its_input, to_guest = os.pipe()
    from_guest, its_output = os.pipe()
    for descriptor in (its_input, its_output):
        theirs.callback(os.close, descriptor)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # more than this user may have: the usual size does
            fcntl.fcntl(its_output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    relay = Relay(relayed, from_guest, to_guest)
    undo.callback(relay.close)
    inherited += [its_input, its_output]
    chardev = f"file,id=console,path=/dev/fd/{its_output},input-path=/dev/fd/{its_input}"
    return DescriptorStream(console), relay, chardev
