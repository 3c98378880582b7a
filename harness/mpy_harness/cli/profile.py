"""Profile one MicroPython script: its functions, native modules and the firmware below, by exact counts."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.cli.script import ScriptJob, region_lines
from mpy_harness.counting.count import Count
from mpy_harness.errors import HarnessError, MachineryError
from mpy_harness.reports.names import share
from mpy_harness.reports.profile_files import write_profile
from mpy_harness.reports.profile_table import profile_lines, tree_lines
from mpy_harness.reports.table import aligned
from mpy_harness.resources import scratch
from mpy_harness.targets import Target


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
    for path, use in write_profile(profile, output or profile_folder(job)).items():
        print(f"{path}  ({use})")
    if isinstance(outcome, HarnessError):
        raise outcome
    return outcome


def profile_folder(job: ScriptJob) -> Path:
    """Return where a script's profile goes unless the user says otherwise."""
    script = job.script.resolve()
    inside = script.is_relative_to(Path.cwd())
    try:
        folder = scratch(Path()) / "profile"
    except OSError as error:
        raise MachineryError(f"{Path.cwd()} cannot take the profile: {error.strerror}. Say where: --output.") from error
    return folder / (script.relative_to(Path.cwd()) if inside else Path(script.name)).with_suffix("")


def class_lines(count: Count, target: Target) -> list[str]:
    """Return a table of instructions by class, and the estimated time where the target has a cycle model."""
    rows = [["class", "instructions", "share"]]
    for name, number in sorted(count.classes.items(), key=lambda item: -item[1]):
        if number:
            rows.append([name.replace("_", " "), f"{number:,}", share(number, count.instructions)])
    lines = aligned([*rows, ["total", f"{count.instructions:,}", share(count.instructions, count.instructions)]])
    if target.cycles is None:
        return [*lines, f"no time estimate: target {target.name} has no cycle model"]
    return [*lines, f"estimated on a {target.core}: {count.estimate(target.cycles)}"]
