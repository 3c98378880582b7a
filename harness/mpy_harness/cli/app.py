"""The command line, put together from its commands."""

from __future__ import annotations

import os
import sys
from functools import partial
from importlib import import_module
from typing import Annotated, Any

import typer

from mpy_harness import __version__
from mpy_harness.cli.ending import end_by_exception, status_of
from mpy_harness.cli.tables import page_width
from mpy_harness.reports.table import page_of

#: Where each command is: the module here, and its function or its own typer application.
COMMANDS = {
    **{
        module.replace("_", "-"): (module, "command")
        for module in (
            *("doctor", "setup", "targets", "run", "profile", "build", "check_arch", "program", "report", "compare"),
            *("bisect", "schema", "sizes", "vectors", "repl", "debug", "fuzz"),
            *("comment", "estimate", "parts", "budgets", "bench_device", "calibrate"),
        )
    },
    "new-workload": ("new", "workload"),
    "new-natmod": ("new", "natmod"),
    "new-target": ("new", "target"),
    "demo": ("demo", "command"),
    "ci": ("ci", "app"),
    "history": ("history", "app"),
}
#: What click asks for completions by, for the program of this name.
_COMPLETION = "_MPY_HARNESS_COMPLETE"


def application(*names: str) -> typer.Typer:
    """Return the command line with these commands, or with all. What only others need is not imported."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Boot real MicroPython firmware in emulators and test native modules.",
    )
    for name in names or COMMANDS:
        module, attribute = COMMANDS[name]
        command = getattr(import_module(f"mpy_harness.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:  # demo's options are pytest's
            options = {"allow_extra_args": True, "ignore_unknown_options": True} if name == "demo" else {}
            app.command(name, context_settings=options)(command)
    app.callback()(_options)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        print(f"mpy-harness {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def _without_type_of_flags(command: Any) -> Any:
    """Return a command whose help shows flags as flags: newer versions of typer write <bool> behind them."""
    for parameter in (*command.params, command.get_help_option(typer.Context(command))):
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    for inner in getattr(command, "commands", {}).values():
        _without_type_of_flags(inner)
    return command


def main() -> None:
    """Run the command line; our own errors are messages: status 2 for machinery, 1 for the guest."""
    end_by_exception()
    asked = sys.argv[1:2] if sys.argv[1:2] and sys.argv[1] in COMMANDS and _COMPLETION not in os.environ else []
    command = _without_type_of_flags(typer.main.get_command(application(*asked)))
    with page_of(page_width()):
        status = status_of(partial(command, prog_name="mpy-harness"))
    sys.exit(status)
