"""The command ``budgets``: what runs took of the limits that a project keeps in a file, and to renew these."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.options import AsJson
from mpy_harness.cli.status import REGRESSED
from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.measurements.budget_file import BudgetFile, Use
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.sources import Places, load_run
from mpy_harness.reports.budget_table import budget_rows, excess_lines, summary
from mpy_harness.reports.figures import plural


def command(
    source: Annotated[str, typer.Argument(metavar="RUN", help="What `compare` takes: a file, a folder, …")],
    *,
    file: Annotated[
        Path | None, typer.Option("--file", dir_okay=False, help="The budgets, if they are in another file.")
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Write what the run took and some room as the new limits.")
    ] = False,
    room: Annotated[float, typer.Option(min=0, max=1000, metavar="PERCENT", help="The room, for --renew.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Tell what a run took of the project's budgets: status 0 if all are kept, 1 if not."""
    where = read_configuration(Path())
    path = file or where.budget_file
    run = load_run(source, Places(where.folder, where.baselines))
    if renew:
        is_new = not path.exists()
        budgets = BudgetFile.of(path, run) if is_new else BudgetFile.read(path)
        changed = budgets.renew(run, Fraction(room) / 100)
        budgets.write()
        count = len(budgets.budgets) if is_new else changed
        print(f"{plural(count, 'budget')} {'written to' if is_new else 'renewed in'} {path}")
        return
    budgets = BudgetFile.read(path)
    uses = budgets.uses(run)
    if not uses:
        raise MeasurementsInvalid(f"{source} measured nothing that {path} has a budget for.")
    if as_json:
        print(json.dumps([_as_data(use) for use in uses], indent=1))
    else:
        print("\n".join([*budget_rows(uses), "", *excess_lines(uses), summary(budgets, uses)]))
    raise typer.Exit(REGRESSED if any(use.exceeding for use in uses) else 0)


def _as_data(use: Use) -> dict[str, object]:
    return {
        "glob": use.budget.glob,
        "metric": use.budget.metric,
        "limit": use.budget.limit,
        "share": use.share,
        "measurements": [
            {"target": each.target, "case": each.case, "value": each.value, "exceeded": each in use.exceeding}
            for each in use.measurements
        ],
    }
