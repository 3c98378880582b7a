"""A running QEMU, and what every one is started with.

The console, QMP and GDB's protocol run over sockets and pipes, and shared memory has no name; QEMU inherits its ends.
Nothing of them is ever on a disk, so nothing is left behind, whichever way our process ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from typing_extensions import Self

from mpy_harness.counting.instrument import Instrument, PeekedRecords, Records
from mpy_harness.counting.plugin import Plugin, PluginRecords
from mpy_harness.errors import EmulatorRefused, GuestFailure, GuestMemoryFailed
from mpy_harness.machines.base import End, Machine
from mpy_harness.machines.descriptors import nameless, pair
from mpy_harness.machines.fault_line import add_places
from mpy_harness.machines.memory import GuestMemory, SharedWindow
from mpy_harness.machines.process import EmulatorProcess
from mpy_harness.machines.qemu.console import CHARDEV, OpenedConsole, WakingStream, open_console
from mpy_harness.machines.qemu.gdb import GdbMemory
from mpy_harness.machines.qemu.halts import HaltingStream
from mpy_harness.machines.qemu.lockup import find_lockup, without_registers
from mpy_harness.machines.qemu.qmp import Qmp
from mpy_harness.machines.qemu.sandbox import sandbox_options
from mpy_harness.memcheck.coverage import BlockTable

_SETUP_SECONDS = 15.0
_STOP_SECONDS = 0.3  # QEMU does not tell that it is about to stop: this is long for it, which does nothing else
_KILLED = "Terminated via GDBstub"
#: Memory for translated code, in MiB, where a set-up says nothing else. Code that is loaded again is translated again,
#: and the old translation is only forgotten with all others, when this is full. QEMU would take up to 1024; firmware
#: needs 3 to 10 at a time.
TRANSLATIONS = 32


@dataclass(frozen=True)
class QemuSetup:
    """What a QEMU is started with: its program, options and the descriptors in them, and how to get it.

    ``window`` is the shared memory that the options describe; without it, memory is reached with GDB's protocol.
    ``core`` is the one that runs MicroPython. ``eager``: read the console at once, because this QEMU drops output that
    is not taken. ``button``: its reset is a reset of all. ``translations``: memory for translated code, in
    MiB. ``silence`` says why there may be no prompt. ``halts``: it halts the machine in place of some faults.
    """

    binary: Path
    options: Sequence[str]
    inherited: Sequence[int]
    hint: str
    window: SharedWindow | None = None
    core: int = 0
    eager: bool = False
    button: bool = False
    translations: int | None = None
    silence: Callable[[], str] = str
    halts: bool = False


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
            gdb = records = findings = coverage = holding = None
            if setup.window is None:
                gdb, its_gdb = pair(undo, theirs)
                inherited.append(its_gdb)
                options += ["-chardev", f"socket,id=memory,fd={its_gdb}", "-gdb", "chardev:memory"]
            if isinstance(instrument, Plugin):
                output, found = nameless(undo), nameless(undo)
                functions, layout = nameless(theirs), nameless(theirs)
                os.write(functions, instrument.functions.encode())
                os.write(layout, instrument.layout.encode())
                for file in (output, found):
                    fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)  # so that what was read can be cut off
                inherited += [output, functions, layout, found]
                covered = nameless(undo)
                inherited.append(covered)
                coverage = BlockTable(covered) if instrument.covers else None
                its_hold = -1
                if instrument.holds:
                    holding, its_hold = pair(undo, theirs)
                    inherited.append(its_hold)
                options += ["-plugin", instrument.option(output, functions, layout, found, covered, hold=its_hold)]
                records = PluginRecords(output) if instrument.mode else None
                findings = PluginRecords(found) if instrument.layout else None
            console = open_console(setup.eager, undo, theirs)
            arguments = [
                *(str(setup.binary), "-accel", f"tcg,tb-size={setup.translations or TRANSLATIONS}", *options),
                *sandbox_options(setup.binary),
                *("-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot", "-S"),
                *("-chardev", CHARDEV, "-serial", "chardev:console"),
                *("-chardev", f"socket,id=qmp,fd={its_qmp}", "-mon", "chardev=qmp,mode=control"),
            ]
            process = EmulatorProcess(arguments, inherited, install_hint=setup.hint, talk=console.talk)
            undo.callback(process.close)
            theirs.close()  # so that our ends notice when QEMU is gone
            monitor = Qmp(qmp, process.clock, setup.core)
            undo.callback(monitor.close)
            # The guest begins (-S, cont) when QEMU has answered: one that ends at once would look like a QEMU that does
            # not come up, and one that prints more than the console takes keeps QEMU from answering until we read.
            if not monitor.greet(_SETUP_SECONDS) or not monitor.begin("cont"):
                raise process.death("did not set up its machine")
            return cls(
                process,
                console,
                monitor,
                window=setup.window,
                memory=GdbMemory(gdb, process.clock) if gdb is not None else None,
                records=records,
                silence=setup.silence,
                halts=setup.halts,
                findings=findings,
                has_button=setup.button,
                coverage=coverage,
                holding=holding,
                resources=undo.pop_all(),
            )

    def __init__(
        self,
        process: EmulatorProcess,
        console: OpenedConsole,
        monitor: Qmp,
        *,
        window: SharedWindow | None,
        memory: GuestMemory | None,
        records: Records | None,
        silence: Callable[[], str],
        halts: bool,
        findings: PeekedRecords | None,
        has_button: bool,
        coverage: BlockTable | None,
        holding: socket.socket | None,
        resources: contextlib.ExitStack,
    ) -> None:
        self.process = process
        self.clock = process.clock
        self.console = self._stream = (HaltingStream if halts else WakingStream)(console, monitor)
        self.window = window
        self.memory = memory
        self.records = records
        self._silence = silence
        self.findings = findings
        self._has_button = has_button
        self.coverage = coverage
        self._holding = holding
        self._monitor = monitor
        self._relay = console.relay
        self._resources = resources
        self._end: End | None = None

    def ended(self) -> End | None:
        """Return how QEMU ended, or None while it runs."""
        ended = self.process.ended()
        if ended is not None and self._end is None:
            end = replace(ended.end, message=without_registers(ended.stderr))
            # A QEMU that SIGTERM ended has the same status as one that its guest ended; only its last event tells.
            reason = "killed by GDB" if _KILLED in ended.stderr else self._monitor.ended_from_outside()
            self._end = replace(end, how=f"{end.how}, from outside: {reason}", by_guest=False) if reason else end
        return self._end

    def reset(self) -> bool:
        """Press the reset button, as QEMU has it, unless input is under way that would reach the next guest."""
        if not self._has_button or self._stream.has_unread_input():
            return False
        try:
            with self._still():
                if not self._monitor.reset():
                    return False
                if self.window is not None:  # what the host's file keeps, a chip's memory would not
                    self.window.memory[:] = bytes(len(self.window.memory))
                self._stream.begin()
        except (OSError, GuestMemoryFailed):
            return False
        return True

    @contextlib.contextmanager
    def _still(self) -> Iterator[None]:
        # The one who has GDB's protocol is told of each stop: then the stop has to be his.
        if isinstance(self.memory, GdbMemory):
            with self.memory.still():
                yield
        else:
            self._monitor.execute("stop")
            yield
            self._monitor.begin("cont")

    def may_have_lost_output(self) -> bool:
        """Tell whether QEMU may have dropped output because it was not taken in time."""
        return self._relay is not None and self._relay.may_have_lost

    def program_counter(self) -> int | None:
        """Return the program counter of the core that runs MicroPython."""
        return self._monitor.register("R15", "pc", "PC")

    def stack_pointer(self) -> int | None:
        """Return the stack pointer of that core, where it is a Cortex-M, a RISC-V core or an AVR."""
        return self._monitor.register("R13", "x2/sp", "SP")

    def read_memory(self, address: int, size: int) -> bytes:
        """Return bytes of the guest's memory, b"" where there is none."""
        return self._monitor.read_memory(address, size)

    def explain_crash(self, console: bytes, where: Callable[[int], str]) -> GuestFailure | None:
        """Return the fault that the firmware reported, or that QEMU could not go on after."""
        fault = super().explain_crash(console, where)
        if fault is None and isinstance(self._stream, HaltingStream) and (halted := self._stream.fault()) is not None:
            return add_places(halted, where)
        ended = self.process.ended()
        if fault is not None or ended is None:
            return fault
        lockup = find_lockup(ended.stderr)
        return add_places(lockup, where) if lockup is not None else None

    def explain_silence(self, console: bytes) -> str:
        """Return a sentence on why the guest has no prompt, "" where nothing is known."""
        del console
        return self._silence()

    def execute(self, command: str) -> str:
        """Run a command of QEMU's monitor and return what it said. Raises EmulatorRefused."""
        said = self._monitor.execute("human-monitor-command", **{"command-line": command})
        if not isinstance(said, str):
            raise EmulatorRefused(f"QEMU did not do {command!r}")
        return said

    def _hold(self, holding: socket.socket, found: Callable[[], bool]) -> None:
        """Stop the guest where the plugin waits at a finding, if ``found`` says so; then let it go on to its stop."""
        with contextlib.suppress(OSError):
            while holding.recv(1):
                if found() and self._monitor.begin("stop"):
                    time.sleep(_STOP_SECONDS)
                holding.sendall(b"g")

    def serve_gdb(self, place: Path, found: Callable[[], bool] | None = None) -> Callable[[], bool]:
        """Take GDB at a socket (see ``Machine.serve_gdb``)."""
        self.memory = None  # QEMU has one such server, which takes one client
        escaped = str(place).replace(",", ",,")
        said = self.execute(f"gdbserver unix:{escaped},server=on,wait=off")
        if not place.is_socket():
            raise EmulatorRefused(f"QEMU does not take GDB at {place}: {said.strip()}")
        before = self._monitor.resumed
        if self._holding is not None and found is not None:
            threading.Thread(target=self._hold, args=(self._holding, found), daemon=True).start()

        def has_gone_on() -> bool:
            self._monitor.execute("query-status")
            return self._monitor.resumed > before

        return has_gone_on

    def close(self) -> None:
        """End QEMU and free what it used."""
        self._resources.close()
