"""QEMU system emulation, 7.2 and newer.

The console and QMP are UNIX sockets, the shared window is a file, all in a private temporary folder.
QEMU connects to sockets on which we already listen, so there is no race; once its machine stands, the
folder is removed: nothing on disk can be left behind, however we end.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mpy_harness.emulators.base import Exit, SharedWindow
from mpy_harness.emulators.process import EmulatorProcess
from mpy_harness.emulators.qmp import Qmp
from mpy_harness.errors import TargetInvalid, ToolMissing
from mpy_harness.targets import Target, Window

_CONNECT_SECONDS = 15.0
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a RAM disk: the window never needs to reach a disk
_WINDOW_ROOM = 4  # times the window's size must be free there


def start(target: Target, image: Path) -> Qemu:
    """Start QEMU for a target with a firmware image (see ``emulators.start``)."""
    if target.qemu is None:
        raise TargetInvalid(f"target {target.name} has no table [qemu]")
    hint = f"Install QEMU 7.2 or newer (Debian, Ubuntu: apt install {_package(target.qemu.binary)})."
    binary = shutil.which(target.qemu.binary)
    if binary is None:
        raise ToolMissing(f"{target.qemu.binary} is not on PATH. {hint}")
    with contextlib.ExitStack() as undo, contextlib.ExitStack() as temporary:
        folder = Path(temporary.enter_context(tempfile.TemporaryDirectory(prefix="mpy-harness-", dir=_folder(target))))
        console, qmp = (temporary.enter_context(_listen(folder / name)) for name in ("console", "qmp"))
        memory = _window(target, folder / "window", undo)
        arguments = [
            binary,
            *_machine(target.qemu.machine, target.window, folder / "window"),
            *("-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot"),
            *("-chardev", f"socket,id=console,path={folder / 'console'}", "-serial", "chardev:console"),
            *("-chardev", f"socket,id=qmp,path={folder / 'qmp'}", "-mon", "chardev=qmp,mode=control"),
            *("-kernel", str(image)),
        ]
        process = EmulatorProcess(arguments, install_hint=hint)
        undo.callback(process.close)
        connection = process.accept(console, _CONNECT_SECONDS)
        undo.callback(connection.close)
        monitor = Qmp(process.accept(qmp, _CONNECT_SECONDS))
        undo.callback(monitor.close)
        if not monitor.greet(_CONNECT_SECONDS):
            raise process.death("did not set up its machine")
        window = SharedWindow(target.window.address, memory) if target.window and memory is not None else None
        return Qemu(process, connection, monitor, window, undo.pop_all())


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


def _machine(machine: str, window: Window | None, file: Path) -> list[str]:
    if window is None:
        return ["-machine", machine]
    memory = f"memory-backend-file,id=window,size={window.size},mem-path={file},share=on"
    return ["-machine", f"{machine},memory-backend=window", "-object", memory]


def _window(target: Target, file: Path, undo: contextlib.ExitStack) -> memoryview | None:
    if target.window is None:
        return None
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.ftruncate(descriptor, target.window.size)
        mapped = mmap.mmap(descriptor, target.window.size)
    finally:
        os.close(descriptor)
    undo.callback(mapped.close)
    view = memoryview(mapped)
    undo.callback(view.release)
    return view


@contextlib.contextmanager
def _listen(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        yield listener


def _folder(target: Target) -> Path | None:
    # A small /dev/shm, as containers have it, would kill QEMU with SIGBUS when the window fills.
    if target.window is None or not os.access(_SHARED_MEMORY, os.W_OK):
        return None
    return _SHARED_MEMORY if shutil.disk_usage(_SHARED_MEMORY).free > _WINDOW_ROOM * target.window.size else None


def _package(binary: str) -> str:
    machine = binary.removeprefix("qemu-system-")
    return {"aarch64": "qemu-system-arm", "riscv32": "qemu-system-misc", "riscv64": "qemu-system-misc"}.get(
        machine, f"qemu-system-{machine}"
    )
