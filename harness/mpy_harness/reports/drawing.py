"""Figures that matplotlib draws, which is optional: the one way in which they are begun and written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mpy_harness.errors import MachineryError, ToolMissing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@contextmanager
def drawing(file: Path, width: float, height: float, description: str = "") -> Iterator[Figure]:
    """Give an empty figure, so many inches large, that goes to a file, whose suffix says how (.svg, .png, .pdf).

    The same figure is the same file. ``description`` goes into an SVG, to tell what it was drawn from.
    Raises ToolMissing without matplotlib, and MachineryError where the file cannot be written or has another suffix.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - optional, and slow to import
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise ToolMissing("plots need matplotlib: pip install 'mpy-harness[plots]'") from error
    with mpl.rc_context({"svg.hashsalt": "mpy-harness", "text.parse_math": False}):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        metadata = {"Date": None, "Creator": None, "Description": description or None}
        try:
            figure.savefig(file, metadata=metadata if file.suffix == ".svg" else None)
        except (OSError, ValueError) as error:
            raise MachineryError(f"{file} cannot be drawn: {error}") from error
