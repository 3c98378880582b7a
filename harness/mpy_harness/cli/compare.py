"""The command ``compare``: two runs from wherever they are, and how they differ."""

from __future__ import annotations

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.data import of_comparison
from mpy_harness.cli.options import AsJson
from mpy_harness.cli.status import NOT_COMPARED, REGRESSED
from mpy_harness.errors import HarnessError
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.sources import Places, load_run
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.csv import comparison_csv
from mpy_harness.reports.markdown import comparison_markdown


class Form(str, Enum):
    """How a comparison is printed."""

    TABLE = "table"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"


def command(
    base: Annotated[str, typer.Argument(metavar="BASE", help="File, folder or zip archive; saved baseline; commit.")],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="The same, of what is compared with it.")],
    *,
    path: Annotated[str | None, typer.Option("--path", help="Where commits have their baselines.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Judge what other conditions may have changed.")] = False,
    allow_removed: Annotated[bool, typer.Option("--allow-removed", help="Cases may disappear.")] = False,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TABLE,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="All changes, and what thresholds let pass.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two runs: status 0 if nothing is worse, 1 if something is, 2 if they cannot be compared."""
    form = Form.JSON if as_json else form
    status = compare_sources(
        base, head, path=path, strict=strict, may_disappear=allow_removed, form=form, detailed=verbose
    )
    raise typer.Exit(status)


def compare_sources(
    base: str, head: str, *, path: str | None = None, strict: bool = False, may_disappear: bool = False,
    form: Form = Form.TABLE, detailed: bool = False,
) -> int:  # fmt: skip
    """Print how one run differs from another; return 0 if nothing is worse, 1 if something is, 2 without a comparison.

    ``path`` is where commits have their baselines; without it, where the configuration says.
    """
    try:
        configuration = read_configuration(Path())
        places = Places(configuration.folder, path or configuration.baselines)
        runs = load_run(base, places), load_run(head, places)
        comparison = compare(*runs, configuration.rules(strict=strict, may_disappear=may_disappear))
    except HarnessError as error:
        print(f"mpy-harness: {error}", file=sys.stderr)
        return NOT_COMPARED
    print(_text(comparison, form, detailed=detailed), end="")
    return REGRESSED if comparison.regressed else 0


def _text(comparison: Comparison, form: Form, *, detailed: bool) -> str:
    if form is Form.MARKDOWN:
        return comparison_markdown(comparison)
    if form is Form.CSV:
        return comparison_csv(comparison)
    if form is Form.JSON:
        return json.dumps(of_comparison(comparison), indent=1) + "\n"
    return "\n".join(comparison_lines(comparison, detailed)) + "\n"
