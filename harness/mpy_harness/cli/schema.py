"""The command ``schema``."""

from __future__ import annotations

from mpy_harness.measurements.run import schema


def command() -> None:
    """Print the JSON schema of files of measurements."""
    print(schema(), end="")
