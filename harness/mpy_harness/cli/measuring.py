"""Options of commands that run a project's tests at several commits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.options import words
from mpy_harness.revisions.suite import Suite

TargetNames = Annotated[
    str, typer.Option("--targets", help="Targets, separated by blanks; else those of the configuration.")
]
NatmodFolders = Annotated[str, typer.Option("--natmods", help="Folders of native modules, separated by blanks.")]
PytestArguments = Annotated[str, typer.Option("--pytest-args", help="Arguments for pytest, as in a shell.")]
RunMinutes = Annotated[float, typer.Option("--timeout", min=0.01, help="Minutes until a run of the tests is stopped.")]


def suite(targets: str, natmods: str, arguments: str, minutes: float) -> Suite:
    """Return the tests of the current folder that the options choose."""
    here = Path.cwd()
    command = [part for name in words(targets, "--targets") for part in ("--target", name)]
    # As they are in each checkout: an absolute path would be the modules of this one in all of them.
    folders = [os.path.relpath(name, here) for name in words(natmods, "--natmods")]
    command += [part for name in folders for part in ("--natmods", name)]
    return Suite(here, [*command, *words(arguments, "--pytest-args")], minutes * 60)
