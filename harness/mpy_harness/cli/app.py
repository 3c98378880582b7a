"""The command line, put together from its commands."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated, Any

import typer

from mpy_harness import __version__
from mpy_harness.cli import (
    bisect,
    budgets,
    build,
    check_arch,
    ci,
    comment,
    compare,
    demo,
    doctor,
    estimate,
    fuzz,
    history,
    new,
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
from mpy_harness.cli.ending import end_by_exception, status_of
from mpy_harness.cli.tables import page_width
from mpy_harness.reports.table import page_of

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Boot real MicroPython firmware in emulators and test native modules.",
)
for _module in (
    doctor, setup, targets, run, profile, build, check_arch, program, report, compare, bisect, schema, sizes, vectors,
    repl, comment, estimate, budgets, fuzz,
):  # fmt: skip
    app.command(_module.__name__.rpartition(".")[2].replace("_", "-"))(_module.command)
app.command("new-workload")(new.workload)
app.command("new-natmod")(new.natmod)
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
    with page_of(page_width()):
        status = status_of(partial(_without_type_of_flags(typer.main.get_command(app)), prog_name="mpy-harness"))
    sys.exit(status)
