"""QEMU system emulation, 7.2 and newer.

The console and QMP are pairs of connected sockets, the shared window is memory without a name; QEMU
inherits its ends. Nothing of it is ever on a disk, so nothing can be left behind, however we end.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import socket
import tempfile
from pathlib import Path

from mpy_harness.emulators.base import Exit, SharedWindow
from mpy_harness.emulators.process import EmulatorProcess
from mpy_harness.emulators.qmp import Qmp
from mpy_harness.errors import TargetInvalid, ToolMissing
from mpy_harness.firmware.toolchain import package_for
from mpy_harness.targets import Target, Window

_SETUP_SECONDS = 15.0


def start(target: Target, image: Path) -> Qemu:
    """Start QEMU for a target with a firmware image (see ``emulators.start``)."""
    if target.qemu is None:
        raise TargetInvalid(f"target {target.name} has no table [qemu]")
    binary_name = target.qemu.binary
    hint = f"Install QEMU 7.2 or newer (Debian, Ubuntu: apt install {package_for(binary_name) or binary_name})."
    binary = shutil.which(binary_name)
    if binary is None:
        raise ToolMissing(f"{binary_name} is not on PATH. {hint}")
    with contextlib.ExitStack() as undo, contextlib.ExitStack() as theirs:
        console, its_console = _pair(undo, theirs)
        qmp, its_qmp = _pair(undo, theirs)
        inherited = [its_console, its_qmp]
        machine = ["-machine", target.qemu.machine]
        window = None
        if target.window is not None:
            file, window = _window(target.window, undo, theirs)
            inherited.append(file)
            machine = _machine_with_window(target.qemu.machine, target.window.size, file)
        arguments = [
            *(binary, *machine),
            *("-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot"),
            *("-chardev", f"socket,id=console,fd={its_console}", "-serial", "chardev:console"),
            *("-chardev", f"socket,id=qmp,fd={its_qmp}", "-mon", "chardev=qmp,mode=control"),
            *("-kernel", str(image)),
        ]
        process = EmulatorProcess(arguments, inherited, install_hint=hint)
        undo.callback(process.close)
        theirs.close()  # so that our ends notice when QEMU is gone
        monitor = Qmp(qmp)
        undo.callback(monitor.close)
        if not monitor.greet(_SETUP_SECONDS):
            raise process.death("did not set up its machine")
        return Qemu(process, console, monitor, window, undo.pop_all())


class Qemu:
    """A running QEMU."""

    def __init__(
        self,
        process: EmulatorProcess,
        console: socket.socket,
        monitor: Qmp,
        window: SharedWindow | None,
        resources: contextlib.ExitStack,
    ) -> None:
        self.process = process
        self.console = console
        self.window = window
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
    # In memory where the system offers that, otherwise in a file that has no name any more.
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("mpy-harness")
        theirs.callback(os.close, file)
    else:
        file = theirs.enter_context(tempfile.TemporaryFile()).fileno()  # noqa: SIM115 - the stack closes it
    os.ftruncate(file, window.size)
    mapped = mmap.mmap(file, window.size)
    undo.callback(mapped.close)
    view = memoryview(mapped)
    undo.callback(view.release)
    return file, SharedWindow(window.address, view)


def _pair(undo: contextlib.ExitStack, theirs: contextlib.ExitStack) -> tuple[socket.socket, int]:
    ours, its = socket.socketpair()
    undo.enter_context(ours)
    return ours, theirs.enter_context(its).fileno()
