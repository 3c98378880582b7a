"""The command ``setup``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpy_harness import machines
from mpy_harness.cli.options import MicroPython, Targets
from mpy_harness.errors import MachineryError
from mpy_harness.firmware.image import firmware_for, keep_firmware
from mpy_harness.firmware.progress import shown
from mpy_harness.targets import DEFAULT_TARGET, load_target


def command(
    names: Targets = None,
    *,
    micropython: MicroPython = None,
    firmware: Annotated[
        Path | None,
        typer.Option("--firmware", metavar="FILE", help="Keep this as a target's published image.", dir_okay=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build even if the image is there.")] = False,
) -> None:
    """Fetch the emulator of targets and their firmware, or build it, unless it is there."""
    with shown() as progress:
        for name in names or [DEFAULT_TARGET]:
            target = load_target(name)
            if firmware is not None:
                ready = keep_firmware(target, firmware, progress)
            else:
                ready = firmware_for(target, source=micropython, force=force, progress=progress)
            progress.stage(f"{target.name}: MicroPython {ready.provenance.micropython} is ready, {ready.elf}")
            kind = machines.kind_of(target)
            kind.set_up(progress)
            try:
                kind.instrument(ready.elf, "count", progress)
            except MachineryError as error:  # everything else works without
                progress.stage(f"{target.name}: instructions cannot be counted. {error}")
