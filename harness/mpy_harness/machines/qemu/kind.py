"""QEMU system emulation, 7.2 and newer."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import shutil
from pathlib import Path
from typing import get_args

from mpy_harness.counting import plugin
from mpy_harness.counting.instrument import Instrument, Mode
from mpy_harness.errors import ToolMissing
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.progress import Progress
from mpy_harness.machines.base import MachineKind
from mpy_harness.machines.descriptors import nameless
from mpy_harness.machines.memory import SharedWindow
from mpy_harness.machines.qemu.machine import Qemu, QemuSetup
from mpy_harness.machines.storage import Storage
from mpy_harness.targets import Table, Text, Window

_OLDEST = (7, 2)
_VERSION = re.compile(r"version (\d+)\.(\d+)[.\d]*")


class QemuTable(Table):
    """The table ``[qemu]``: the program and the machine that run a target."""

    binary: Text
    machine: Text


class QemuKind(MachineKind[QemuTable]):
    """QEMU as distributions package it."""

    table_model = QemuTable
    modes: tuple[Mode, ...] = get_args(Mode)

    @property
    def name(self) -> str:
        """The program's name."""
        return self.table.binary

    def find(self) -> Path:
        """Return the program that is on PATH (see ``MachineKind.find``)."""
        binary = shutil.which(self.name)
        if binary is None:
            raise ToolMissing(f"{self.name} is not on PATH; running the firmware needs it. {_hint(self.name)}")
        return Path(binary)

    def version(self) -> str:
        """Return what QEMU says of its version. Raises ToolMissing where it is absent or too old."""
        line = toolchain.version(self.find())
        match = _VERSION.search(line)
        if match is None or (int(match.group(1)), int(match.group(2))) < _OLDEST:
            oldest = ".".join(map(str, _OLDEST))
            raise ToolMissing(
                f"{self.name} is too old: {line}. QEMU {oldest} or newer is needed; "
                "use a newer release of your distribution, or its backports."
            )
        return line

    def start(self, image: Path, instrument: Instrument | None = None, storage: Storage | None = None) -> Qemu:
        """Start QEMU with a firmware image (see ``MachineKind.start``)."""
        del storage  # these machines keep nothing
        with contextlib.ExitStack() as undo, contextlib.ExitStack() as theirs:
            options, inherited, window = ["-machine", self.table.machine], [], None
            if self.target.window is not None:
                file, window = _window(self.target.window, undo, theirs)
                inherited.append(file)
                options = _machine_with_window(self.table.machine, self.target.window.size, file)
            options += ["-kernel", str(image)]
            setup = QemuSetup(self.find(), options, inherited, _hint(self.name), window)
            return Qemu.launch(setup, instrument, undo)

    def describe_counting(self) -> str:
        """Return how this QEMU counts (see ``MachineKind.describe_counting``)."""
        return describe_plugin(self.find())

    def prepare_counting(self, image: Path, mode: Mode, progress: Progress) -> Instrument:
        """Return the plugin that counts for this QEMU (see ``MachineKind.instrument``)."""
        return plugin.instrument(self.target, image, self.find(), mode, progress)


def describe_plugin(qemu: Path) -> str:
    """Return in words how a QEMU counts. Raises ToolMissing, which says why it cannot."""
    api = plugin.plugin_api(qemu)
    return f"TCG plugin for API {api}, compiled with {toolchain.find('gcc', 'the plugin that counts instructions')}"


def _hint(binary: str) -> str:
    return f"Install QEMU 7.2 or newer (Debian, Ubuntu: apt install {toolchain.package_for(binary) or binary})."


def _machine_with_window(machine: str, size: int, file: int) -> list[str]:
    memory = f"memory-backend-file,id=window,size={size},mem-path=/dev/fd/{file},share=on"
    return ["-machine", f"{machine},memory-backend=window", "-object", memory]


def _window(window: Window, undo: contextlib.ExitStack, theirs: contextlib.ExitStack) -> tuple[int, SharedWindow]:
    file = nameless(theirs)
    os.ftruncate(file, window.size)
    mapped = mmap.mmap(file, window.size)
    undo.callback(mapped.close)
    view = memoryview(mapped)
    undo.callback(view.release)
    return file, SharedWindow(window.address, view)
