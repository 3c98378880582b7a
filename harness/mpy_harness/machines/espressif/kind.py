"""ESP32 and its kin in Espressif's fork of QEMU: the whole chip, booted by its ROM from flash."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from mpy_harness.counting import plugin
from mpy_harness.counting.instrument import Instrument, Mode
from mpy_harness.errors import EmulatorRefused, FirmwareInvalid
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.progress import Progress
from mpy_harness.machines.base import MachineKind
from mpy_harness.machines.espressif import release
from mpy_harness.machines.espressif.flash import flash_content, holds
from mpy_harness.machines.espressif.machine import EspressifQemu
from mpy_harness.machines.qemu.kind import describe_plugin
from mpy_harness.machines.qemu.machine import QemuSetup
from mpy_harness.machines.storage import Storage
from mpy_harness.resources import read_file
from mpy_harness.targets import Table, Text

#: A file that is used as flash, and keeps what is written there; it is made of the firmware where there is none.
KEPT_FLASH = "MPY_HARNESS_ESP32_FLASH"
# The guest's time passes with its instructions, 2**4 ns for each (an ESP32 at 160 MHz does not take much less), and not
# with the host's clock: on a busy host its watchdogs and its caches would fail.
_CLOCK = "shift=4"
# For counting, time jumps to the next event where the guest waits, so that nothing depends on how long the host takes.
# The plugin slows such waiting down (counting/plugin_c/cores.c): without that, it would keep one core of the host busy
# and be over before the host can answer.
_COUNTING_CLOCK = "shift=4,sleep=off"
# MiB. Where instructions are the clock, interrupts come a few instructions sooner or later when translations are
# forgotten, and what they leave on the stack is what a collection of garbage finds there. So that shall be rare.
_TRANSLATIONS = 256


class EspressifTable(Table):
    """The table ``[espressif]``: the program and the machine that run a target.

    ``offset`` is where its ROM looks for the firmware in flash; ``flash`` the flash's size in bytes, without it what
    the firmware's header says; ``core`` the one that runs MicroPython.
    """

    binary: Text
    machine: Text
    offset: Annotated[int, Field(ge=0, lt=1 << 16)]
    flash: Annotated[int, Field(gt=0)] | None = None
    core: Annotated[int, Field(ge=0, lt=2)] = 0

    @field_validator("binary")
    @classmethod
    def _is_published(cls, binary: str) -> str:
        if binary not in release.RELEASES:
            raise ValueError(f"the fork has {', '.join(release.RELEASES)}, not {binary!r}")
        return binary


class EspressifKind(MachineKind[EspressifTable]):
    """Espressif's fork of QEMU."""

    table_model = EspressifTable
    #: Not "functions": published firmware has no symbols, by which calls are followed.
    modes: tuple[Mode, ...] = ("count", "instructions", "classes", "memory")
    #: FreeRTOS interrupts the program at its ticks.
    settle = "after_tick"

    @property
    def name(self) -> str:
        """The program's name, and whose it is."""
        return f"{self.table.binary} ({self.table.machine})"

    def find(self) -> Path:
        """Return the program (see ``MachineKind.find``)."""
        return release.find(self._release, self.table.machine, self.target.name)

    def version(self) -> str:
        """Return what QEMU says of its version, and where it is."""
        binary = self.find()
        return f"{toolchain.version(binary)}, {binary}"

    def set_up(self, progress: Progress) -> None:
        """Download Espressif's QEMU, unless one that has the machine is there (see ``MachineKind.set_up``)."""
        if not release.is_there(self._release, self.table.machine):
            release.fetch(self._release, self.target.name, progress)

    def start(self, image: Path, instrument: Instrument | None = None, storage: Storage | None = None) -> EspressifQemu:
        """Start QEMU with the firmware in a flash of the board's own (see ``MachineKind.start``)."""
        table, binary = self.table, self.find()

        def content() -> bytes:
            return flash_content(image, chip=table.machine, offset=table.offset, size=table.flash)

        storage = storage or Storage()
        kept = os.environ.get(KEPT_FLASH)
        inherited = [] if kept else [storage.descriptor(content)]
        flash = _kept_flash(Path(kept).expanduser(), content(), image) if kept else f"/dev/fd/{inherited[0]}"
        clock = _COUNTING_CLOCK if instrument is not None else _CLOCK
        options = ["-machine", table.machine, "-icount", clock, "-drive", f"file={flash},if=mtd,format=raw"]
        hint = f"Fetch it again: mpy-harness setup {self.target.name}."
        setup = QemuSetup(binary, options, inherited, hint, core=table.core, eager=True, translations=_TRANSLATIONS)
        with contextlib.ExitStack() as undo:
            return EspressifQemu.launch(setup, instrument, undo)

    def describe_counting(self) -> str:
        """Return how this QEMU counts (see ``MachineKind.describe_counting``)."""
        return describe_plugin(self.find())

    def prepare_counting(self, image: Path, mode: Mode, progress: Progress) -> Instrument:
        """Return the plugin that counts what the core with MicroPython executes (see ``MachineKind.instrument``)."""
        return plugin.instrument(self.target, image, self.find(), mode, progress, core=self.table.core)

    def check_gdb(self) -> None:
        """Refuse GDB, which would know neither functions nor native modules (see ``MachineKind.check_gdb``)."""
        raise EmulatorRefused(
            f"no GDB attaches to {self.target.name}: its firmware is published without the symbols by which GDB finds "
            f"what the guest loads. {self.advice}"
        )

    @property
    def _release(self) -> release.Release:
        return release.RELEASES[self.table.binary]


def _kept_flash(file: Path, content: bytes, image: Path) -> str:
    # QEMU itself sees to it that no second one writes to the file.
    try:
        with contextlib.suppress(FileExistsError), file.open("xb") as new:
            new.write(content)
        kept = read_file(file, len(content))
    except OSError as error:
        raise FirmwareInvalid(
            f"{KEPT_FLASH} names {file}, which cannot be used: {error.strerror}. Correct it, or unset it."
        ) from error
    if not holds(kept, content):
        raise FirmwareInvalid(
            f"{KEPT_FLASH} names {file}, whose firmware is not {image}. "
            "Name another file, or remove this one with all that the guest keeps in it: it is made anew."
        )
    return str(file.absolute()).replace(",", ",,")
