"""The command ``vectors``: make golden vectors, and write down what they must be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.errors import VectorsInvalid
from mpy_harness.firmware.progress import Progress, shown
from mpy_harness.golden.store import SCRIPT, VectorStore


def command(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER...", exists=True, file_okay=False, help="Where scripts are; . if none."),
    ] = None,
    *,
    pin: Annotated[bool, typer.Option("--pin", help="Write down what they make as right.")] = False,
) -> None:
    """Make the golden vectors of all scripts vectors.py anew, and compare them with what is pinned."""
    with shown() as progress:
        for line in make_vectors(folders or [Path()], progress, pin=pin):
            print(line)


def make_vectors(folders: Sequence[Path], progress: Progress, *, pin: bool) -> Iterator[str]:
    """Make the vectors of all scripts below folders, and yield a line about each. Raise VectorsInvalid.

    With ``pin`` they are written down as right, otherwise they must be as they were pinned.
    """
    scripts = sorted({script for folder in folders for script in folder.rglob(SCRIPT)})
    if not scripts:
        raise VectorsInvalid(f"There is no {SCRIPT} below {', '.join(map(str, folders))}.")
    for script in scripts:
        store = VectorStore(script, progress)
        files = store.pin() if pin else store.check(anew=True)
        size = sum(file.stat().st_size for file in files)
        yield f"{store.label}: {len(files)} sets, {size:,} bytes, {'pinned' if pin else 'as pinned'}"
