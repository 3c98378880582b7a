"""The command ``targets``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness import targets
from mpy_harness.cli.options import AsJson
from mpy_harness.cli.readiness import readiness, target_lines, targets_as_data


def command(
    *,
    as_json: AsJson = False,
    copy: Annotated[
        tuple[str, Path] | None,
        typer.Option("--copy", metavar="TARGET DIR", help="Make a target of your own from another, in a new folder."),
    ] = None,
) -> None:
    """List the targets, whether they are ready, and the releases of MicroPython that can be asked for."""
    if copy is not None:
        typer.echo("\n".join(_copied(*copy)))
        return
    states = [readiness(name) for name in targets.available()]
    typer.echo(json.dumps(targets_as_data(states), indent=1) if as_json else "\n".join(target_lines(states)))


def _copied(original: str, folder: Path) -> list[str]:
    """Copy a target; return a line on what the copy is, and one on what it shares."""
    made = targets.copy_target(original, folder)
    return [
        f"{folder / targets.FILE_NAME} is a target of your own: pytest --target {shlex.quote(str(folder))}",
        f"It shares with {original}: {targets.shared(made)}. All else is in its folder (docs/own-target.md).",
    ]
