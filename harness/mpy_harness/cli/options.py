"""Options that several commands have."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

MicroPython = Annotated[
    Path | None,
    typer.Option("--micropython", metavar="PATH", help="Folder or archive of MicroPython to use instead of fetching."),
]

GivenFirmware = Annotated[
    Path | None,
    typer.Option("--firmware", metavar="FILE", help="Firmware to use instead of the target's.", dir_okay=False),
]

TargetName = Annotated[str, typer.Option("--target", metavar="NAME", help="Target to use.")]

Targets = Annotated[list[str] | None, typer.Argument(metavar="TARGET...", help="Targets, m33 if none.")]

Script = Annotated[Path, typer.Argument(metavar="SCRIPT", help="MicroPython script.", exists=True, dir_okay=False)]

Arguments = Annotated[
    list[str] | None, typer.Argument(metavar="ARGUMENT...", help="For the script's sys.argv; options after --.")
]

DevicePath = Annotated[
    list[Path] | None,
    typer.Option("--device-path", exists=True, file_okay=False, help="Folder of .mpy and .py files to import from."),
]

Natmods = Annotated[
    list[Path] | None,
    typer.Option("--natmods", exists=True, file_okay=False, help="Folder of native modules: folders, or .mpy files."),
]

Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds until the script is stopped.")]


def words(text: str, option: str) -> list[str]:
    """Return the words of an option's value, as a shell splits them."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} cannot be split into words: {error}", param_hint=option) from error
