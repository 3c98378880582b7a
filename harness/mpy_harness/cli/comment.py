"""The command ``comment``."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.errors import JobMisconfigured, MachineryError
from mpy_harness.github.artifacts import JobResult
from mpy_harness.github.client import Client
from mpy_harness.github.comment import Commenter
from mpy_harness.limits import COMMENT_MEMORY_BYTES, COMMENT_SECONDS
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.run import read_run


def command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="HEAD [BASE]", help="Files of measurements, with --pr."),
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
    commenter = Commenter(client, os.environ, name, author)
    try:
        ended_by = _in_child()
        if ended_by is not None:
            commenter.retract([number]) if number is not None else commenter.retract_on_run()
            raise MachineryError(
                f"the comparison was ended by signal {ended_by}: it took more memory or time than it may, most likely. "
                "The pull request says that nothing could be compared."
            )
        if number is None:
            lines = commenter.comment_on_run()
        else:
            with commenter.or_not_compared([number]):
                head, *base = [read_run(file) for file in files or ()]
                result = JobResult("measurements", head, base[0] if base else None)
                lines = [commenter.comment_on(number, [result], read_configuration(Path.cwd()).rules())]
    finally:
        client.close()
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _in_child() -> int | None:
    """Go on in a child of bounded memory and return None; here return by which signal the child was ended.

    Not every lack of memory is an exception, and whoever is killed can say nothing on the pull request any more. Where
    the child ends by itself, this process ends with its status.
    """
    child = os.fork()
    if child == 0:
        signal.alarm(COMMENT_SECONDS)  # without a handler it ends the child, whatever that waits for
        # Libraries reserve memory for each core of the host, so what is there already does not count.
        there = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        bound, (_, most) = there + COMMENT_MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (bound if most == resource.RLIM_INFINITY else min(bound, most), most))
        return None
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status >= 0:
        raise typer.Exit(status)
    return -status
