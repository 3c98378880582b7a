"""QEMU system emulation, 7.2 and newer.

The console, QMP and GDB's protocol are pairs of connected sockets, the shared window is memory without a name; QEMU
inherits its ends. Nothing of it is ever on a disk, so nothing can be left behind, however we end.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path

from mpy_harness.counting import tcg
from mpy_harness.counting.tcg import Instrument, Mode, Records
from mpy_harness.emulators.base import Exit, GuestMemory, SharedWindow
from mpy_harness.emulators.gdb import GdbMemory
from mpy_harness.emulators.process import EmulatorProcess
from mpy_harness.emulators.qmp import Qmp
from mpy_harness.errors import ToolMissing
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.progress import Progress
from mpy_harness.targets import Table, Target, Text, Window

_SETUP_SECONDS = 15.0
_OLDEST = (7, 2)
_VERSION = re.compile(r"version (\d+)\.(\d+)[.\d]*")


class QemuMachine(Table):
    """The table ``[qemu]``: the program and the machine that run a target."""

    binary: Text
    machine: Text


def start(target: Target, image: Path, counting: Instrument | None = None) -> Qemu:
    """Start QEMU for a target with a firmware image (see ``emulators.start``)."""
    machine = target.machine_as(QemuMachine)
    binary = program(target)
    with contextlib.ExitStack() as undo, contextlib.ExitStack() as theirs:
        console, its_console = _pair(undo, theirs)
        qmp, its_qmp = _pair(undo, theirs)
        inherited = [its_console, its_qmp]
        options = ["-machine", machine.machine]
        window = memory = records = None
        if target.window is not None:
            file, window = _window(target.window, undo, theirs)
            inherited.append(file)
            options = _machine_with_window(machine.machine, target.window.size, file)
        else:
            gdb, its_gdb = _pair(undo, theirs)
            inherited.append(its_gdb)
            options += ["-chardev", f"socket,id=gdb,fd={its_gdb}", "-gdb", "chardev:gdb"]
            memory = GdbMemory(gdb)
        if counting is not None:
            output, functions = _nameless(undo), _nameless(theirs)
            os.write(functions, counting.functions.encode())
            fcntl.fcntl(output, fcntl.F_SETFL, os.O_APPEND)  # so that what was read can be cut off
            inherited += [output, functions]
            options += ["-plugin", counting.option(output, functions)]
            records = Records(output)
        arguments = [
            *(str(binary), *options),
            *("-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot"),
            *("-chardev", f"socket,id=console,fd={its_console}", "-serial", "chardev:console"),
            *("-chardev", f"socket,id=qmp,fd={its_qmp}", "-mon", "chardev=qmp,mode=control"),
            *("-kernel", str(image)),
        ]
        process = EmulatorProcess(arguments, inherited, install_hint=_hint(machine.binary))
        undo.callback(process.close)
        theirs.close()  # so that our ends notice when QEMU is gone
        monitor = Qmp(qmp)
        undo.callback(monitor.close)
        if not monitor.greet(_SETUP_SECONDS):
            raise process.death("did not set up its machine")
        return Qemu(process, console, monitor, window=window, memory=memory, records=records, resources=undo.pop_all())


def instrument(target: Target, image: Path, mode: Mode, progress: Progress) -> Instrument:
    """Return the plugin that counts for this QEMU (see ``emulators.instrument``)."""
    return tcg.instrument(target, image, program(target), mode, progress)


def name(target: Target) -> str:
    """Return the program's name."""
    return target.machine_as(QemuMachine).binary


def program(target: Target) -> Path:
    """Return the program that is on PATH (see ``emulators.program``)."""
    binary = shutil.which(name(target))
    if binary is None:
        raise ToolMissing(f"{name(target)} is not on PATH; running the firmware needs it. {_hint(name(target))}")
    return Path(binary)


def version(target: Target) -> str:
    """Return what QEMU says of its version. Raises ToolMissing where it is absent or too old."""
    line = toolchain.version(program(target))
    match = _VERSION.search(line)
    if match is None or (int(match.group(1)), int(match.group(2))) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise ToolMissing(
            f"{name(target)} is too old: {line}. QEMU {oldest} or newer is needed; "
            "use a newer release of your distribution, or its backports."
        )
    return line


def counting(target: Target) -> str:
    """Return how this QEMU counts (see ``emulators.counting``)."""
    api = tcg.plugin_api(program(target))
    return f"TCG plugin for API {api}, compiled with {toolchain.find('gcc', 'the plugin that counts instructions')}"


def _hint(binary: str) -> str:
    return f"Install QEMU 7.2 or newer (Debian, Ubuntu: apt install {toolchain.package_for(binary) or binary})."


class Qemu:
    """A running QEMU."""

    def __init__(
        self,
        process: EmulatorProcess,
        console: socket.socket,
        monitor: Qmp,
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
        self._resources = resources

    def ended(self) -> Exit | None:
        """Return how QEMU ended, or None while it runs."""
        return self.process.ended()

    def program_counter(self) -> int | None:
        """Return the first core's program counter."""
        return self._monitor.program_counter()

    def close(self) -> None:
        """End QEMU and free what it used."""
        self._resources.close()


def _machine_with_window(machine: str, size: int, file: int) -> list[str]:
    memory = f"memory-backend-file,id=window,size={size},mem-path=/dev/fd/{file},share=on"
    return ["-machine", f"{machine},memory-backend=window", "-object", memory]


def _window(window: Window, undo: contextlib.ExitStack, theirs: contextlib.ExitStack) -> tuple[int, SharedWindow]:
    file = _nameless(theirs)
    os.ftruncate(file, window.size)
    mapped = mmap.mmap(file, window.size)
    undo.callback(mapped.close)
    view = memoryview(mapped)
    undo.callback(view.release)
    return file, SharedWindow(window.address, view)


def _nameless(owner: contextlib.ExitStack) -> int:
    # In memory where the system offers that, otherwise in a file that has no name any more.
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("mpy-harness")
        owner.callback(os.close, file)
        return file
    return owner.enter_context(tempfile.TemporaryFile()).fileno()


def _pair(undo: contextlib.ExitStack, theirs: contextlib.ExitStack) -> tuple[socket.socket, int]:
    ours, its = socket.socketpair()
    undo.enter_context(ours)
    return ours, theirs.enter_context(its).fileno()
