"""The commands ``new-workload`` and ``new-natmod``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.workloads.new import Kind, write_new

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The new folder; its name is the thing's.")]


def workload(folder: Folder) -> None:
    """Write a workload that runs: vectors, bytecode, viper, and what must come out."""
    _write("workload", folder, "workload.py")


def natmod(folder: Folder) -> None:
    """Write a native module that runs: C, makefile, the same in Python, a test of both, and what to look out for."""
    _write("natmod", folder, "")


def _write(kind: Kind, folder: Path, test: str) -> None:
    for file in write_new(kind, folder):
        print(file)
    print(f"Run it: pytest {shlex.quote(str(folder / test))}")
