"""The command line, put together from its commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from mpy_harness import __version__
from mpy_harness.cli import (
    ci,
    comment,
    compare,
    demo,
    doctor,
    history,
    profile,
    program,
    repl,
    report,
    run,
    schema,
    setup,
    sizes,
    targets,
    vectors,
)
from mpy_harness.cli.status import GUEST_FAILED, MACHINERY_FAILED
from mpy_harness.errors import GuestFailure, HarnessError
from mpy_harness.reports.names import harmless

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Boot real MicroPython firmware in emulators and test native modules.",
)
for _module in (doctor, setup, targets, run, profile, program, report, compare, schema, sizes, vectors, repl, comment):
    app.command(_module.__name__.rpartition(".")[2])(_module.command)
# Its options are pytest's.
app.command("demo", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(demo.command)
app.add_typer(ci.app, name="ci")
app.add_typer(history.app, name="history")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"mpy-harness {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line; our own errors are messages: status 2 for machinery, 1 for the guest."""
    try:
        app()
    except HarnessError as error:
        errors = Console(stderr=True)
        errors.print(harmless(f"mpy-harness: {error}"), markup=False, highlight=False, soft_wrap=True)
        sys.exit(GUEST_FAILED if isinstance(error, GuestFailure) else MACHINERY_FAILED)
