"""ESP32 and its kin in Espressif's fork of QEMU: the whole chip, booted by its ROM from flash."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Annotated

from pydantic import Field

from mpy_harness.counting import plugin
from mpy_harness.counting.instrument import Instrument, Mode
from mpy_harness.errors import FirmwareInvalid, TargetInvalid
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.progress import Progress
from mpy_harness.machines.base import Storage
from mpy_harness.machines.espressif import release
from mpy_harness.machines.espressif.flash import flash_content
from mpy_harness.machines.qemu.machine import Qemu, QemuSetup, launch
from mpy_harness.targets import FILE_NAME, Table, Target, Text

#: A file that is used as flash, and keeps what is written there; it is made of the firmware where there is none.
KEPT_FLASH = "MPY_HARNESS_ESP32_FLASH"
# Time that passes in the guest with its instructions, 2**4 ns for each (an ESP32 at 160 MHz does not take much less),
# not with the host's clock: its watchdogs do not bark, and its caches do not fail, because the host is busy.
_CLOCK = "shift=4"
# For counting, time jumps to the next event where the guest waits: how long the host takes shows nowhere. The plugin
# slows waiting down (counting/plugin_c/cores.c), or it would take all of a core and be over before the host can answer.
_COUNTING_CLOCK = "shift=4,sleep=off"
#: What it counts: published firmware has no symbols, by which calls are followed.
MODES: tuple[Mode, ...] = ("count", "instructions", "classes", "memory")
#: FreeRTOS interrupts the program at its ticks.
SETTLE = "after_tick"


class EspMachine(Table):
    """The table ``[espressif]``: the program and the machine that run a target.

    ``offset`` is where its ROM looks for the firmware in flash; ``flash`` the flash's size in bytes, without it what
    the firmware's header says; ``core`` the one that runs MicroPython.
    """

    binary: Text
    machine: Text
    offset: Annotated[int, Field(ge=0, lt=1 << 16)]
    flash: Annotated[int, Field(gt=0)] | None = None
    core: Annotated[int, Field(ge=0, lt=2)] = 0


def start(target: Target, image: Path, instrument: Instrument | None, storage: Storage) -> Qemu:
    """Start QEMU with the firmware in a flash of the board's own (see ``machines.start``)."""
    table = target.machine_as(EspMachine)
    binary = executable(target)

    def content() -> bytes:
        return flash_content(image, chip=table.machine, offset=table.offset, size=table.flash)

    kept = os.environ.get(KEPT_FLASH)
    inherited = [] if kept else [storage.descriptor(content)]
    flash = _kept_flash(Path(kept).expanduser(), content()) if kept else f"/dev/fd/{inherited[0]}"
    clock = _COUNTING_CLOCK if instrument is not None else _CLOCK
    options = ["-machine", table.machine, "-icount", clock, "-drive", f"file={flash},if=mtd,format=raw"]
    hint = f"Fetch it again: mpy-harness setup {target.name}."
    with contextlib.ExitStack() as undo:
        return launch(QemuSetup(binary, options, inherited, hint, core=table.core, eager=True), instrument, undo)


def set_up(target: Target, progress: Progress) -> None:
    """Download Espressif's QEMU, unless one that has the machine is there (see ``machines.set_up``)."""
    known, machine = _known(target), target.machine_as(EspMachine).machine
    if not release.is_there(known, machine):
        release.fetch(known, target.name, progress)


def instrument(target: Target, image: Path, mode: Mode, progress: Progress) -> Instrument:
    """Return the plugin that counts what the core with MicroPython executes (see ``machines.instrument``)."""
    return plugin.instrument(target, image, executable(target), mode, progress, core=target.machine_as(EspMachine).core)


def name(target: Target) -> str:
    """Return the program's name, and whose it is."""
    table = target.machine_as(EspMachine)
    return f"{table.binary} ({table.machine})"


def executable(target: Target) -> Path:
    """Return the program (see ``machines.executable``)."""
    return release.find(_known(target), target.machine_as(EspMachine).machine, target.name)


def version(target: Target) -> str:
    """Return what QEMU says of its version, and where it is."""
    binary = executable(target)
    return f"{toolchain.version(binary)}, {binary}"


def describe_counting(target: Target) -> str:
    """Return how this QEMU counts (see ``machines.describe_counting``)."""
    api = plugin.plugin_api(executable(target))
    return f"TCG plugin for API {api}, compiled with {toolchain.find('gcc', 'the plugin that counts instructions')}"


def _known(target: Target) -> release.Release:
    binary = target.machine_as(EspMachine).binary
    if binary not in release.RELEASES:
        known = ", ".join(release.RELEASES)
        raise TargetInvalid(
            f"{target.folder / FILE_NAME} does not describe a target:\n  espressif.binary: the fork has {known}, "
            f"not {binary!r}"
        )
    return release.RELEASES[binary]


def _kept_flash(file: Path, content: bytes) -> str:
    # QEMU itself sees to it that no second one writes to the file.
    try:
        with contextlib.suppress(FileExistsError), file.open("xb") as new:
            new.write(content)
    except OSError as error:
        raise FirmwareInvalid(
            f"{KEPT_FLASH} names {file}, which cannot be written: {error.strerror}. Correct it, or unset it."
        ) from error
    return str(file.absolute()).replace(",", ",,")
