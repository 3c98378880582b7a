"""QEMU system emulation, 7.2 and newer."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, field_validator

from mpy_harness.counting import plugin
from mpy_harness.counting.instrument import Check, Instrument, Mode
from mpy_harness.errors import TargetInvalid, ToolMissing
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.progress import Progress
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.machines.base import MachineKind
from mpy_harness.machines.descriptors import nameless
from mpy_harness.machines.memory import SharedWindow
from mpy_harness.machines.qemu.machine import Qemu, QemuSetup
from mpy_harness.machines.qemu.options import of_the_host, refusal
from mpy_harness.machines.storage import Storage
from mpy_harness.memcheck.foreign import ROUNDED, refuse_more
from mpy_harness.memcheck.layout import memory_layout, tells
from mpy_harness.targets import FILE_NAME, Table, Target, Text, Window
from mpy_harness.targets.tables import Address

_OLDEST = (7, 2)
_MOVE = "If it is meant that guests reach that, move {} to host_options (docs/own-target.md)."
_VERSION = re.compile(r"version (\d+)\.(\d+)[.\d]*")


class QemuTable(Table):
    """The table ``[qemu]``: the program and the machine that run a target, and options that the machine needs.

    ``memory`` is the address of the machine's main memory, where the target's window is a part of that; a window is
    all of it otherwise. ``image`` is the option by which the machine takes a program. ``halts``: QEMU halts it at an
    instruction that it does not know, because its core has no fault for that. ``host_options`` are those by which a
    guest reaches files, programs or the network of the host.
    """

    binary: Text
    machine: Text
    options: list[Text] = Field(default_factory=list)
    memory: Address | None = None
    image: Literal["kernel", "bios"] = "kernel"
    halts: bool = False
    host_options: list[Text] = Field(default_factory=list)

    @field_validator("machine")
    @classmethod
    def _is_a_machine(cls, machine: str) -> str:
        if part := of_the_host("machine", machine):
            raise ValueError(f"{part!r} names something of the host. {_MOVE.format('-machine ' + part)}")
        return machine

    @field_validator("options")
    @classmethod
    def _leave_the_host_alone(cls, options: list[str]) -> list[str]:
        if reason := refusal(options):
            raise ValueError(f"{reason}. {_MOVE.format('it')}")
        return options


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
            raise ToolMissing(f"{self.name} is not on PATH; running the firmware needs it. {install_hint(self.name)}")
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
                file, window = _window(self.target, self.target.window, self.table, undo, theirs)
                inherited.append(file)
                options = _machine_with_memory(self.table.machine, os.fstat(file).st_size, file)
            options += [*self.table.options, *self.table.host_options, f"-{self.table.image}", str(image)]
            silence = partial(_why_silent, image, options)
            setup = QemuSetup(
                self.find(), options, inherited, install_hint(self.name), window,
                button=True, silence=silence, halts=self.table.halts,
            )  # fmt: skip
            return Qemu.launch(setup, instrument, undo)

    def describe_counting(self) -> str:
        """Return how this QEMU counts (see ``MachineKind.describe_counting``)."""
        return describe_plugin(self.find())

    def prepare_counting(self, image: Path, mode: Mode, progress: Progress) -> Instrument:
        """Return the plugin that counts for this QEMU (see ``MachineKind.instrument``)."""
        return plugin.instrument(self.target, image, self.find(), mode, progress)

    def checker(
        self, image: Path, mode: Mode | None, progress: Progress, *, check: Check, covers: bool = False
    ) -> Instrument:
        """Return the plugin that checks memory for this QEMU (see ``MachineKind.checker``)."""
        symbols, qemu = Symbols(image), self.find()
        layout = memory_layout(self.target, symbols)
        if not tells(symbols):
            refuse_more(check)
            is_exact = plugin.plugin_api(qemu) >= plugin.READS_REGISTERS
            progress.stage(f"native code of this firmware is checked to {'the byte' if is_exact else ROUNDED}")
        return plugin.instrument(self.target, image, qemu, mode, progress, layout=layout, check=check, covers=covers)


def describe_plugin(qemu: Path) -> str:
    """Return in words how a QEMU counts. Raises ToolMissing, which says why it cannot."""
    api = plugin.plugin_api(qemu)
    return f"TCG plugin for API {api}, compiled with {toolchain.find('gcc', 'the plugin that counts instructions')}"


def install_hint(binary: str) -> str:
    """Return how to get a QEMU program."""
    return f"Install QEMU 7.2 or newer (Debian, Ubuntu: apt install {toolchain.package_for(binary) or binary})."


def _machine_with_memory(machine: str, size: int, file: int) -> list[str]:
    memory = f"memory-backend-file,id=shared,size={size},mem-path=/dev/fd/{file},share=on"
    return ["-machine", f"{machine},memory-backend=shared", "-object", memory]


def _why_silent(image: Path, options: Sequence[str]) -> str:
    # By a symbol's name: MicroPython's own port calls before it prints anything, and each call is a fault then.
    if any("semihosting" in option for option in options) or b"semihosting" not in image.read_bytes():
        return ""
    return "It may be waiting for semihosting, which reaches files of the host: see docs/own-target.md."


def _window(
    target: Target, window: Window, table: QemuTable, undo: contextlib.ExitStack, theirs: contextlib.ExitStack
) -> tuple[int, SharedWindow]:
    # A file with all of the machine's main memory. Of it, the host maps the window alone.
    before = window.address - table.memory if table.memory is not None else 0
    if before < 0 or before % mmap.ALLOCATIONGRANULARITY:
        raise TargetInvalid(
            f"{target.folder / FILE_NAME}: qemu.memory: the window, at {window.address:#x}, lies before it or not at a "
            f"multiple of {mmap.ALLOCATIONGRANULARITY} bytes. Correct one of the two."
        )
    file = nameless(theirs)
    os.ftruncate(file, before + window.size)
    mapped = mmap.mmap(file, window.size, offset=before)
    undo.callback(mapped.close)
    view = memoryview(mapped)
    undo.callback(view.release)
    return file, SharedWindow(window.address, view)
