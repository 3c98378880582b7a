"""A Raspberry Pi Pico in rp2040js: an image as it is published, from flash."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

from pydantic import Field

from mpy_harness import architectures
from mpy_harness.counting.instrument import Instrument, Mode
from mpy_harness.errors import CountingUnavailable
from mpy_harness.firmware.progress import Progress
from mpy_harness.machines.base import MachineKind
from mpy_harness.machines.rp2040js import packages
from mpy_harness.machines.rp2040js.machine import MarkNumbers, Pico, PicoSetup
from mpy_harness.machines.rp2040js.uf2 import flash_content
from mpy_harness.machines.storage import Storage
from mpy_harness.targets import Table

_LARGEST = 16 << 20  # what the chip can address
_MARK_BYTES = 2


class Rp2040jsTable(Table):
    """The table ``[rp2040js]``: ``flash`` is the size of the board's flash in bytes."""

    flash: Annotated[int, Field(gt=0, le=_LARGEST, multiple_of=4096)] = 2 << 20


class Rp2040jsKind(MachineKind[Rp2040jsTable]):
    """rp2040js, in Node."""

    table_model = Rp2040jsTable
    #: It executes one instruction after the other, so both are the same.
    modes: tuple[Mode, ...] = ("count", "instructions")
    #: What USB still has to do for the request before is done in the program's time, by MicroPython's scheduler.
    settle = "after_tick"
    name = "rp2040js"

    def find(self) -> Path:
        """Return Node, after a look for all that it needs (see ``MachineKind.find``)."""
        target = self.target.name
        program = packages.node(target)
        packages.package(target)
        packages.rom(target)
        return program

    def version(self) -> str:
        """Return the versions of both (see ``MachineKind.version``)."""
        target = self.target.name
        said = f"rp2040js {packages.package_version(target)}, node {packages.node_version(target)}"
        packages.rom(target)
        return said

    def set_up(self, progress: Progress) -> None:
        """Fetch rp2040js and the chip's ROM, unless they are there (see ``MachineKind.set_up``)."""
        packages.fetch(self.target.name, progress)

    def start(self, image: Path, instrument: Instrument | None = None, storage: Storage | None = None) -> Pico:
        """Start a Pico with the firmware in a flash of its own (see ``MachineKind.start``)."""
        target, size = self.target.name, self.table.flash
        storage = storage or Storage()
        setup = PicoSetup(
            node=packages.node(target),
            package=packages.package(target),
            rom=packages.rom(target),
            flash=storage.descriptor(lambda: flash_content(image, size)),
            size=size,
            hint=f"Name a Node that works: {packages.NODE}=PATH.",
        )
        with contextlib.ExitStack() as undo:
            undo.callback(lambda: storage)  # the flash's file is open as long as the machine is
            return Pico.launch(setup, instrument if isinstance(instrument, MarkNumbers) else None, undo)

    def describe_counting(self) -> str:
        """Return how it counts (see ``MachineKind.describe_counting``)."""
        self.find()
        return "each instruction, outside of interrupts"

    def prepare_counting(self, image: Path, mode: Mode, progress: Progress) -> Instrument:
        """Return the marks that are looked for (see ``MachineKind.instrument``)."""
        del image, progress
        which = architectures.instruction_set(self.target.natmod.arch)
        if which is None or which.marks is None or which.marks.size != _MARK_BYTES:
            raise CountingUnavailable(f"marks for {self.target.natmod.arch} are not known in {self.name}.")
        return MarkNumbers(mode, which.name, encodings=which.marks.by_encoding)
