"""Whether targets can be used."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table

from mpy_harness import machines, targets
from mpy_harness.cli.tables import table
from mpy_harness.errors import HarnessError
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.image import cached_firmware
from mpy_harness.firmware.sources import cached_source


@dataclass(frozen=True)
class Readiness:
    """Whether a target can be used, and why not."""

    name: str
    usable: bool
    detail: str


def readiness(name: str) -> Readiness:
    """Return whether the target can be used: its image is built, or everything to build it is there."""
    try:
        target = targets.load_target(name)
        machines.kind_of(target).version()
        version = target.firmware.micropython
        if not target.is_published:
            toolchain.toolchain(target.cross, version)
        source = cached_source(target.tools)
        firmware = cached_firmware(target, source)
    except HarnessError as error:
        return Readiness(name, usable=False, detail=str(error))
    if firmware is not None:
        return Readiness(name, usable=True, detail=f"ready: MicroPython {version}")
    fetched = "fetched" if target.is_published else "built" if source else "fetched and built"
    return Readiness(name, usable=True, detail=f"firmware is {fetched} on first use, or now: mpy-harness setup {name}")


def target_table() -> Table:
    """Return a table of all targets, with whether they can be used."""
    rows = table("target", "core", "emulator", "modules", "state")
    for name in targets.available():
        state = readiness(name)
        try:
            target = targets.load_target(name)
        except HarnessError:
            rows.add_row(name, "?", "?", "?", state.detail)
            continue
        default = " (default)" if name == targets.DEFAULT_TARGET else ""
        rows.add_row(name + default, target.core, target.emulator, target.natmod.arch, state.detail)
    return rows
