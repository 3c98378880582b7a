"""The command ``run``."""

from __future__ import annotations

import typer

from mpy_harness.cli.options import (
    Arguments,
    DevicePath,
    GivenFirmware,
    MicroPython,
    Natmods,
    Script,
    TargetName,
    Timeout,
)
from mpy_harness.cli.script import ScriptJob
from mpy_harness.targets import DEFAULT_TARGET, load_target


def command(
    script: Script,
    arguments: Arguments = None,
    *,
    target: TargetName = DEFAULT_TARGET,
    device_path: DevicePath = None,
    natmods: Natmods = None,
    timeout: Timeout = 600.0,
    micropython: MicroPython = None,
    firmware: GivenFirmware = None,
) -> None:
    """Run a script on a target and leave with its exit status."""
    job = ScriptJob(
        script,
        load_target(target),
        arguments or (),
        tuple(device_path or ()),
        micropython,
        timeout,
        tuple(natmods or ()),
        firmware,
    )
    raise typer.Exit(job.run())
