"""The command ``run``."""

from __future__ import annotations

import typer

from mpy_harness.cli.options import GuestTimeWanted, Timeout
from mpy_harness.cli.script_options import ScriptOptions, grouped


@grouped
def command(options: ScriptOptions, *, timeout: Timeout = 600.0, guest_time: GuestTimeWanted = None) -> None:
    """Run a script on a target and leave with its exit status."""
    raise typer.Exit(options.job(timeout, guest_time).run())
