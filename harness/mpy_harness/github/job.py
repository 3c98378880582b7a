"""What a job of GitHub Actions reads and writes: outputs, the summary, folded parts of the log.

Outside of Actions none of it is there, and the same commands work without it.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mpy_harness.errors import JobMisconfigured
from mpy_harness.measurements.run import plain


def in_actions(environment: Mapping[str, str]) -> bool:
    """Tell whether this is a job of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def set_outputs(environment: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Give values to later steps, each of one line; outside of Actions print them."""
    for name, value in outputs.items():
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or plain(value) != value:
            raise ValueError(f"{name}={value!r} is no output of one line")
    text = "".join(f"{name}={value}\n" for name, value in outputs.items())
    if not _append(environment, "GITHUB_OUTPUT", text):
        sys.stdout.write(text)


def add_summary(environment: Mapping[str, str], markdown: str) -> None:
    """Add Markdown to the job's summary, where there is one."""
    _append(environment, "GITHUB_STEP_SUMMARY", markdown.rstrip("\n") + "\n\n")


@contextmanager
def folded(environment: Mapping[str, str], title: str) -> Iterator[None]:
    """Fold what is printed meanwhile, under a title; outside of Actions print the title alone."""
    sys.stdout.write(f"::group::{plain(title)}\n" if in_actions(environment) else f"mpy-harness: {title}\n")
    sys.stdout.flush()
    try:
        yield
    finally:
        if in_actions(environment):
            sys.stdout.write("::endgroup::\n")
            sys.stdout.flush()


def _append(environment: Mapping[str, str], name: str, text: str) -> bool:
    path = environment.get(name)
    if not path:
        return False
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise JobMisconfigured(f"{name} is {path}, which cannot be written: {error.strerror}.") from error
    return True
