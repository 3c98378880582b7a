"""The command ``profile``: a script's functions, native modules and the firmware below, by exact counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.data import of_count, of_part
from mpy_harness.cli.options import AsJson, GuestTimeWanted, PartName, Timeout
from mpy_harness.cli.script import ScriptJob
from mpy_harness.cli.script_options import ScriptOptions, grouped
from mpy_harness.costs.part_time import PartTime, check_same_code, part_time
from mpy_harness.counting.count import Count
from mpy_harness.counting.profile import Profile
from mpy_harness.errors import HarnessError
from mpy_harness.reports.class_table import class_lines, part_lines
from mpy_harness.reports.profile_files import write_profile
from mpy_harness.reports.profile_table import profile_lines, tree_lines
from mpy_harness.reports.region_lines import region_lines
from mpy_harness.targets import Part, load_part


@grouped
def command(
    options: ScriptOptions,
    *,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the files.", file_okay=False)] = None,
    top: Annotated[int, typer.Option(min=1, help="Functions in the table.")] = 20,
    tree: Annotated[bool, typer.Option("--tree", help="Show the call tree as well.")] = False,
    classes: Annotated[
        bool, typer.Option("--classes", help="Run it again for classes of instructions and the estimated time.")
    ] = False,
    part: PartName = None,
    timeout: Timeout = 600.0,
    guest_time: GuestTimeWanted = None,
    as_json: AsJson = False,
) -> None:
    """Run a script on a target, count its instructions and tell which functions took them."""
    job = options.job(timeout, guest_time)
    chip = load_part(part) if part else None
    if chip is not None:
        check_same_code(chip, job.target)
    if as_json:
        raise typer.Exit(profile_as_json(job, output, classes=classes, part=chip))
    raise typer.Exit(profile_script(job, output, top=top, tree=tree, classes=classes, part=chip))


def profile_as_json(job: ScriptJob, output: Path | None, *, classes: bool, part: Part | None = None) -> int:
    """Print a script's profile as JSON, without the script's own output, and write its files; return its status."""
    count, outcome = job.count("functions", silent=True)
    profile = count.profile
    assert profile is not None  # noqa: S101 - what mode "functions" is for
    facts = of_count(count, job.target)
    if classes or part is not None:
        counted, _ = job.count("classes", silent=True)
        facts |= of_count(counted, job.target)
        if part is not None:
            facts |= of_part(_part_time(counted, part, profile))
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


def profile_script(
    job: ScriptJob, output: Path | None, *, top: int, tree: bool, classes: bool, part: Part | None = None
) -> int:
    """Run a script counted, print its tables and write its files; return its status.

    The files go to ``output``, or below .mpy-harness in the current folder. With ``classes`` it runs a second time,
    silently, for classes of instructions and the estimated time, with ``part`` for the time on that one too. An
    error that the script ended with is raised once what it took until then is shown.
    """
    count, outcome = job.count("functions")
    profile = count.profile
    assert profile is not None  # noqa: S101 - what mode "functions" is for
    print("\n" + "\n".join(profile_lines(profile, top)))
    if tree:
        print("\n" + "\n".join(tree_lines(profile)))
    if count.regions:
        print("\n" + "\n".join(region_lines(count.regions)))
    if classes or part is not None:
        counted, _ = job.count("classes", silent=True)
        print("\n" + "\n".join(class_lines(counted, job.target)))
        if part is not None:
            print("\n".join(part_lines(_part_time(counted, part, profile))))
    print()
    for path, use in write_profile(profile, output or job.profile_folder()).items():
        print(f"{path}  ({use})")
    if isinstance(outcome, HarnessError):
        raise outcome
    return outcome


def _part_time(counted: Count, part: Part, profile: Profile) -> PartTime:
    """Return the time on a part: native modules and emitted code are in RAM, all else is the firmware's."""
    native = sum(cost.exclusive for cost in profile.functions() if cost.function.kind in {"natmod", "native"})
    share = native / profile.total if profile.total else 0.0
    return part_time({**counted.classes, **counted.words}, part, share, is_interpreter=True)
