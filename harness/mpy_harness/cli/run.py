"""The command ``run``."""

from __future__ import annotations

import typer

from mpy_harness.cli.options import (
    Arguments,
    DevicePath,
    EmulatorHostOptions,
    EmulatorOptions,
    GcStress,
    GivenFirmware,
    GuestTimeWanted,
    Memcheck,
    MicroPython,
    NatmodMake,
    Natmods,
    Script,
    TargetName,
    Timeout,
    Unwritten,
    chosen_target,
    make_words,
)
from mpy_harness.cli.script import ScriptJob
from mpy_harness.counting.instrument import check_asked_for
from mpy_harness.targets import DEFAULT_TARGET


def command(
    script: Script,
    arguments: Arguments = None,
    *,
    target: TargetName = DEFAULT_TARGET,
    device_path: DevicePath = None,
    natmods: Natmods = None,
    natmod_make: NatmodMake = None,
    timeout: Timeout = 600.0,
    memcheck: Memcheck = False,
    gc_stress: GcStress = False,
    memcheck_unwritten: Unwritten = False,
    guest_time: GuestTimeWanted = None,
    micropython: MicroPython = None,
    firmware: GivenFirmware = None,
    emulator_options: EmulatorOptions = "",
    emulator_host_options: EmulatorHostOptions = "",
) -> None:
    """Run a script on a target and leave with its exit status."""
    job = ScriptJob(
        script,
        chosen_target(target, emulator_options, emulator_host_options),
        arguments or (),
        tuple(device_path or ()),
        micropython,
        timeout,
        tuple(natmods or ()),
        firmware,
        make_words(natmod_make),
        check_asked_for(memory=memcheck, stress=gc_stress, unwritten=memcheck_unwritten),
        guest_time,
    )
    raise typer.Exit(job.run())
