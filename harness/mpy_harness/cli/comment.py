"""The command ``comment``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.errors import JobMisconfigured
from mpy_harness.github.artifacts import JobResult
from mpy_harness.github.client import Client
from mpy_harness.github.comment import Commenter
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.run import read_run


def command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="HEAD [BASE]", help="Files of measurements, with --pr.", exists=True, dir_okay=False),
    ] = None,
    *,
    number: Annotated[int | None, typer.Option("--pr", min=1, help="Pull request to comment on.")] = None,
    of_run: Annotated[
        bool,
        typer.Option("--from-workflow-run", help="Comment on the pull request of the run that started this job."),
    ] = False,
    name: Annotated[str, typer.Option(help="Name that tells this comment from others of ours.")] = "comparison",
    author: Annotated[
        str | None, typer.Option(help="Login that the token speaks for, where it may not ask: of a GitHub App.")
    ] = None,
) -> None:
    """Tell a pull request what was measured, in one comment that is kept up to date.

    Needs GITHUB_TOKEN with the right to write to pull requests, and GITHUB_REPOSITORY.
    """
    if of_run == (number is not None) or (number is None) != (not files) or len(files or ()) > 2:
        raise JobMisconfigured("give either --pr N with one or two files of measurements, or --from-workflow-run.")
    api = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    client = Client(os.environ.get("GITHUB_TOKEN", "").strip(), api)
    try:
        commenter = Commenter(client, os.environ, name, author)
        if number is None:
            lines = commenter.comment_on_run()
        else:
            head, *base = [read_run(file) for file in files or ()]
            result = JobResult("measurements", head, base[0] if base else None)
            lines = [commenter.comment_on(number, [result], read_configuration(Path.cwd()).rules())]
    finally:
        client.close()
    sys.stdout.write("".join(f"{line}\n" for line in lines))
