"""The commands ``new-workload``, ``new-natmod`` and ``new-target``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness import machines, targets
from mpy_harness.workloads.new import Kind, write_new

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The new folder; its name is the thing's.")]


def workload(folder: Folder) -> None:
    """Write a workload that runs: vectors, bytecode, viper, and what must come out."""
    _write("workload", folder, "workload.py")


def natmod(folder: Folder) -> None:
    """Write a native module that runs: C, makefile, the same in Python, a test of both, and what to look out for."""
    _write("natmod", folder, "")


def target(
    folder: Folder,
    machine: Annotated[
        str, typer.Option("--machine", metavar="MACHINE", help="One of QEMU's: qemu-system-arm -machine help.")
    ],
) -> None:
    """Write a target for a machine of QEMU's: memories, UART, interrupt and clock are asked of QEMU."""
    carried = targets.target_of_machine(machine)
    if carried is not None:
        made = targets.copy_target(carried, folder)
        print(f"{machine} is the machine of {carried}, of which this is a copy. It shares: {targets.shared(made)}.")
    else:
        made = targets.new_target(machines.inventory(machine), folder)
    for file in sorted(made.folder.iterdir()):
        print(folder / file.name)
    where = shlex.quote(str(folder))
    print(f"Build its firmware: mpy-harness setup {where}")
    print(f"Run tests on it: pytest --target {where}")


def _write(kind: Kind, folder: Path, test: str) -> None:
    for file in write_new(kind, folder):
        print(file)
    print(f"Run it: pytest {shlex.quote(str(folder / test))}")
