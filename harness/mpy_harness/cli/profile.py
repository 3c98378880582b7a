"""The command ``profile``: a script's functions, native modules and the firmware below, by exact counts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
from mpy_harness.errors import HarnessError
from mpy_harness.reports.class_table import class_lines
from mpy_harness.reports.profile_files import write_profile
from mpy_harness.reports.profile_table import profile_lines, tree_lines
from mpy_harness.reports.region_lines import region_lines
from mpy_harness.targets import DEFAULT_TARGET, load_target


def command(
    script: Script,
    arguments: Arguments = None,
    *,
    target: TargetName = DEFAULT_TARGET,
    device_path: DevicePath = None,
    natmods: Natmods = None,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the files.", file_okay=False)] = None,
    top: Annotated[int, typer.Option(min=1, help="Functions in the table.")] = 20,
    tree: Annotated[bool, typer.Option("--tree", help="Show the call tree as well.")] = False,
    classes: Annotated[
        bool, typer.Option("--classes", help="Run it again for classes of instructions and the estimated time.")
    ] = False,
    timeout: Timeout = 600.0,
    micropython: MicroPython = None,
    firmware: GivenFirmware = None,
) -> None:
    """Run a script on a target, count its instructions and tell which functions took them."""
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
    raise typer.Exit(profile_script(job, output, top=top, tree=tree, classes=classes))


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
