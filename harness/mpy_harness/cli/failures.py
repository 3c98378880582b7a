"""What went wrong, told on the terminal."""

from __future__ import annotations

from contextlib import suppress

from rich.console import Console

from mpy_harness.reports.names import harmless


def show_failure(text: object) -> None:
    """Print what happened and what to do about it, an error of ours for instance, to stderr."""
    with suppress(OSError):  # nowhere to say it
        Console(stderr=True).print(harmless(f"mpy-harness: {text}"), markup=False, highlight=False, soft_wrap=True)
