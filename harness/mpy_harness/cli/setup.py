"""The command ``setup``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpy_harness import machines
from mpy_harness.cli.options import FirmwareMake, MicroPython, Targets
from mpy_harness.errors import MachineryError, SourceUnavailable, ToolMissing
from mpy_harness.firmware.additions import check_image, each_with_make
from mpy_harness.firmware.image import firmware_for, keep_firmware
from mpy_harness.firmware.progress import Progress, shown
from mpy_harness.firmware.sources import check_release
from mpy_harness.programs.build import check_tools
from mpy_harness.targets import DEFAULT_TARGET, Target, chosen, load_target


def command(
    names: Targets = None,
    *,
    micropython: MicroPython = None,
    firmware_make: FirmwareMake = None,
    firmware: Annotated[
        Path | None,
        typer.Option("--firmware", metavar="FILE", help="Keep this as a target's published image.", dir_okay=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build even if the image is there.")] = False,
) -> None:
    """Fetch the emulator of targets and their firmware, or build it, unless it is there."""
    with shown() as progress:
        found = chosen(names or [DEFAULT_TARGET])
        check_image(firmware, firmware_make or ())
        targets = {name: load_target(name) for name in found}
        targets = each_with_make(targets, found, firmware_make or (), Path.cwd())
        missing = [
            name
            for name, target in targets.items()
            if not _is_set_up(target, micropython, firmware, progress, force=force, must=found[name])
        ]
    if len(missing) == len(targets):
        raise ToolMissing(f"none of these targets can be used: {', '.join(missing)}")


def _is_set_up(
    target: Target, micropython: Path | None, firmware: Path | None, progress: Progress, *, force: bool, must: bool
) -> bool:
    """Set up a target, and tell whether it can be used; what one of a pattern lacks may be out of reach."""
    try:
        _set_up(target, micropython, firmware, progress, force=force)
    except (ToolMissing, SourceUnavailable) as error:
        if must:
            raise
        progress.stage(f"{target.name} is left out. {error}")
        return False
    return True


def _set_up(
    target: Target, micropython: Path | None, firmware: Path | None, progress: Progress, *, force: bool
) -> None:
    if target.is_plain:
        check_tools(target)
        progress.stage(f"{target.name}: plain C programs can be compiled; there is no firmware to build")
        machines.kind_of(target).find()
        return
    if firmware is not None:
        ready = keep_firmware(target, firmware, progress)
    else:
        if target.is_built:
            check_release(target.tools, micropython)
        ready = firmware_for(target, source=micropython, force=force, progress=progress)
    progress.stage(f"{target.name}: MicroPython {ready.provenance.micropython} is ready, {ready.elf}")
    kind = machines.kind_of(target)
    kind.set_up(progress)
    try:
        kind.instrument(ready.elf, "count", progress)
    except MachineryError as error:  # everything else works without
        progress.stage(f"{target.name}: instructions cannot be counted. {error}")
