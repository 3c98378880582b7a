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
from mpy_harness.machines.base import SharedWindow, Storage
from mpy_harness.machines.qemu.machine import Qemu, QemuSetup, launch, nameless
from mpy_harness.targets import Table, Target, Text, Window

#: What it counts.
MODES: tuple[Mode, ...] = get_args(Mode)
SETTLE = ""

_OLDEST = (7, 2)
_VERSION = re.compile(r"version (\d+)\.(\d+)[.\d]*")


class QemuMachine(Table):
    """The table ``[qemu]``: the program and the machine that run a target."""

    binary: Text
    machine: Text


def start(target: Target, image: Path, instrument: Instrument | None, storage: Storage) -> Qemu:
    """Start QEMU for a target with a firmware image (see ``machines.start``)."""
    del storage  # these machines keep nothing
    table = target.machine_as(QemuMachine)
    binary = executable(target)
    with contextlib.ExitStack() as undo, contextlib.ExitStack() as theirs:
        options, inherited, window = ["-machine", table.machine], [], None
        if target.window is not None:
            file, window = _window(target.window, undo, theirs)
            inherited.append(file)
            options = _machine_with_window(table.machine, target.window.size, file)
        options += ["-kernel", str(image)]
        return launch(QemuSetup(binary, options, inherited, _hint(table.binary), window), instrument, undo)


def set_up(target: Target, progress: Progress) -> None:
    """Do nothing: QEMU is installed as a package (see ``machines.set_up``)."""


def instrument(target: Target, image: Path, mode: Mode, progress: Progress) -> Instrument:
    """Return the plugin that counts for this QEMU (see ``machines.instrument``)."""
    return plugin.instrument(target, image, executable(target), mode, progress)


def name(target: Target) -> str:
    """Return the program's name."""
    return target.machine_as(QemuMachine).binary


def executable(target: Target) -> Path:
    """Return the program that is on PATH (see ``machines.executable``)."""
    binary = shutil.which(name(target))
    if binary is None:
        raise ToolMissing(f"{name(target)} is not on PATH; running the firmware needs it. {_hint(name(target))}")
    return Path(binary)


def version(target: Target) -> str:
    """Return what QEMU says of its version. Raises ToolMissing where it is absent or too old."""
    line = toolchain.version(executable(target))
    match = _VERSION.search(line)
    if match is None or (int(match.group(1)), int(match.group(2))) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise ToolMissing(
            f"{name(target)} is too old: {line}. QEMU {oldest} or newer is needed; "
            "use a newer release of your distribution, or its backports."
        )
    return line


def describe_counting(target: Target) -> str:
    """Return how this QEMU counts (see ``machines.describe_counting``)."""
    api = plugin.plugin_api(executable(target))
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
