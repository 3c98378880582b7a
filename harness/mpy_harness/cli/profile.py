"""The command ``profile``: a script's functions, native modules and the firmware below, by exact counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.data import of_count
from mpy_harness.cli.options import (
    Arguments,
    AsJson,
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
    chosen_target,
    make_words,
)
from mpy_harness.cli.script import ScriptJob
from mpy_harness.counting.instrument import check_asked_for
from mpy_harness.errors import HarnessError
from mpy_harness.reports.class_table import class_lines
from mpy_harness.reports.profile_files import write_profile
from mpy_harness.reports.profile_table import profile_lines, tree_lines
from mpy_harness.reports.region_lines import region_lines
from mpy_harness.targets import DEFAULT_TARGET


def command(
    script: Script,
    arguments: Arguments = None,
    *,
    target: TargetName = DEFAULT_TARGET,
    device_path: DevicePath = None,
    natmods: Natmods = None,
    natmod_make: NatmodMake = None,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the files.", file_okay=False)] = None,
    top: Annotated[int, typer.Option(min=1, help="Functions in the table.")] = 20,
    tree: Annotated[bool, typer.Option("--tree", help="Show the call tree as well.")] = False,
    classes: Annotated[
        bool, typer.Option("--classes", help="Run it again for classes of instructions and the estimated time.")
    ] = False,
    timeout: Timeout = 600.0,
    memcheck: Memcheck = False,
    gc_stress: GcStress = False,
    guest_time: GuestTimeWanted = None,
    as_json: AsJson = False,
    micropython: MicroPython = None,
    firmware: GivenFirmware = None,
    emulator_options: EmulatorOptions = "",
    emulator_host_options: EmulatorHostOptions = "",
) -> None:
    """Run a script on a target, count its instructions and tell which functions took them."""
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
        check_asked_for(memory=memcheck, stress=gc_stress),
        guest_time,
    )
    if as_json:
        raise typer.Exit(profile_as_json(job, output, classes=classes))
    raise typer.Exit(profile_script(job, output, top=top, tree=tree, classes=classes))


def profile_as_json(job: ScriptJob, output: Path | None, *, classes: bool) -> int:
    """Print a script's profile as JSON, without the script's own output, and write its files; return its status."""
    count, outcome = job.count("functions", silent=True)
    profile = count.profile
    assert profile is not None  # noqa: S101 - what mode "functions" is for
    facts = of_count(count, job.target)
    if classes:
        facts |= of_count(job.count("classes", silent=True)[0], job.target)
    costs = [
        {"name": cost.function.name, "module": cost.function.module, "kind": cost.function.kind,
         "calls": cost.calls, "exclusive": cost.exclusive, "inclusive": cost.inclusive}
        for cost in profile.functions()
    ]  # fmt: skip
    files = [str(path) for path in write_profile(profile, output or job.profile_folder())]
    print(json.dumps({"target": job.target.name, **facts, "functions": costs, "files": files}, indent=1))
    if isinstance(outcome, HarnessError):
        raise outcome
    return outcome


def profile_script(job: ScriptJob, output: Path | None, *, top: int, tree: bool, classes: bool) -> int:
    """Run a script counted, print its tables and write its files; return its status.

    The files go to ``output``, or below .mpy-harness in the current folder. With ``classes`` it runs a second
    time, silently, for classes of instructions and the estimated time. An error that the script ended with is
    raised once what it took until then is shown.
    """
    count, outcome = job.count("functions")
    profile = count.profile
    assert profile is not None  # noqa: S101 - what mode "functions" is for
    print("\n" + "\n".join(profile_lines(profile, top)))
    if tree:
        print("\n" + "\n".join(tree_lines(profile)))
    if count.regions:
        print("\n" + "\n".join(region_lines(count.regions)))
    if classes:
        counted, _ = job.count("classes", silent=True)
        print("\n" + "\n".join(class_lines(counted, job.target)))
    print()
    for path, use in write_profile(profile, output or job.profile_folder()).items():
        print(f"{path}  ({use})")
    if isinstance(outcome, HarnessError):
        raise outcome
    return outcome
