"""The command ``bisect``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.measuring import NatmodFolders, PytestArguments, RunMinutes, TargetNames, suite
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.figures import plural
from mpy_harness.reports.names import harmless_line
from mpy_harness.revisions import bisect


def command(
    good: Annotated[str, typer.Argument(metavar="GOOD", help="Commit at which the figure was good.")],
    bad: Annotated[str, typer.Argument(metavar="BAD", help="Later commit at which it is worse.")],
    *,
    case: Annotated[str, typer.Option("--case", metavar="GLOB", help="Cases, such as filters/*.")] = "*",
    metric: Annotated[str, typer.Option("--metric", metavar="GLOB", help="Metrics.")] = "instructions",
    targets: TargetNames = "",
    natmods: NatmodFolders = "",
    arguments: PytestArguments = "",
    timeout: RunMinutes = 60.0,
) -> None:
    """Find the commit that made a figure worse: the tests run at as few commits as can be, beside your checkout.

    What is worse is judged by the thresholds of your checkout. Commits at which the figure cannot be measured are
    left out.
    """
    # All is measured on this machine with the same tools: what differs is the commit.
    rules = read_configuration(Path.cwd()).rules(strict=True, may_disappear=True)
    search = bisect.Search(suite(targets, natmods, arguments, timeout), case, metric, rules, _tell)
    found = bisect.find(search, good, bad)
    lines = [f"{found.commit} made it worse: {found.subject}", *comparison_lines(found.comparison)]
    if found.skipped:
        lines.append(f"or one of {plural(len(found.skipped), 'commit')} before it that could not be measured:")
        lines += [f"    {commit}" for commit in found.skipped]
    sys.stdout.write("".join(f"{harmless_line(line)}\n" for line in lines))


def _tell(line: str) -> None:
    sys.stdout.write(f"mpy-harness: {harmless_line(line)}\n")
    sys.stdout.flush()
