"""The command ``targets``."""

from __future__ import annotations

from mpy_harness.cli.readiness import target_table
from mpy_harness.cli.tables import output


def command() -> None:
    """List the targets and whether they are ready."""
    output.print(target_table())
