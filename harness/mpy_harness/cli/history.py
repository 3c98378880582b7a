"""The commands of the history: keep runs, show how measurements changed over them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.cli.data import of_trends
from mpy_harness.cli.options import AsJson
from mpy_harness.errors import MachineryError, MeasurementsInvalid
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.history import History
from mpy_harness.measurements.sources import Places, load_run
from mpy_harness.reports.figures import plural
from mpy_harness.reports.trend_table import plot, trend_lines
from mpy_harness.reports.trends import trends
from mpy_harness.resources import scratch

_FILE = "history.sqlite"

app = typer.Typer(no_args_is_help=True, help="Measurements of many runs, and how they changed.")

Database = Annotated[Path | None, typer.Option("--database", dir_okay=False, help="Its file, if it is another.")]


@app.command("add")
def add(
    sources: Annotated[list[str], typer.Argument(metavar="RUN...", help="What `compare` takes: files, folders, …")],
    *,
    database: Database = None,
) -> None:
    """Add runs; those that are there already are left out."""
    where = read_configuration(Path())
    places = Places(where.folder, where.baselines)
    runs = [load_run(source, places) for source in sources]
    kept = History(database or _default(where.folder))
    try:
        added = sum(kept.add(run) for run in runs)
    except OSError as error:
        raise MachineryError(f"{kept.file} cannot be written: {error.strerror}. Name another: --database.") from error
    print(f"{plural(added, 'run')} added to {kept.file}")


@app.command("show")
def show(
    case: Annotated[str, typer.Argument(metavar="GLOB", help="Cases, such as filters/*.")] = "*",
    *,
    metric: Annotated[str, typer.Option(help="Metrics, a glob.")] = "*",
    target: Annotated[str, typer.Option(help="Targets, a glob.")] = "*",
    last: Annotated[int | None, typer.Option(min=2, help="Only the last so many runs of each target.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="Measurements in the table, those that moved most.")] = 40,
    plot_file: Annotated[
        Path | None, typer.Option("--plot", dir_okay=False, help="Draw them too: .svg, .png or .pdf.")
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show what measurements were over the runs, those that moved furthest first."""
    file = database or _default(read_configuration(Path()).folder)
    found = trends(History(file).runs(case, metric=metric, target=target, last=last))
    if not found:
        raise MeasurementsInvalid(f"{file} has no measurement of that name in two runs or more")
    print(json.dumps(of_trends(found[:rows]), indent=1) if as_json else "\n".join(trend_lines(found, rows=rows)))
    if plot_file is not None:
        plot(found, plot_file)
        print(plot_file, file=sys.stderr if as_json else sys.stdout)


def _default(folder: Path) -> Path:
    try:
        return scratch(folder) / _FILE
    except OSError as error:
        raise MachineryError(f"{folder} cannot take the history: {error.strerror}. Say where: --database.") from error
