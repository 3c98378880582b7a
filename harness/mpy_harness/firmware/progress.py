"""Say what provisioning is doing: a spinner on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console


class Progress(Protocol):
    """What long steps report to."""

    def stage(self, message: str) -> None:
        """Say which step starts now."""

    def detail(self, message: str) -> None:
        """Say how far the current step is; may be called often."""


class Silent:
    """Report nothing."""

    def stage(self, message: str) -> None:
        """Ignore the step."""

    def detail(self, message: str) -> None:
        """Ignore the detail."""


class Lines:
    """Print one line a step, with the seconds since the first; details are left out."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start = time.monotonic()

    def stage(self, message: str) -> None:
        """Print the step's line."""
        line = f"[{time.monotonic() - self._start:5.1f} s] {message}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def detail(self, message: str) -> None:
        """Ignore the detail."""


@contextmanager
def shown(console: Console | None = None) -> Iterator[Progress]:
    """Yield a Progress that suits the console (stderr by default): steps stay as lines, details replace each other."""
    from rich.console import Console  # noqa: PLC0415 - every pytest run imports this module, few show anything

    console = console or Console(stderr=True)
    lines = Lines(console)
    if not console.is_terminal:
        yield lines
        return
    with console.status("") as status:

        class OnTerminal:
            def stage(self, message: str) -> None:
                lines.stage(message)
                status.update(message)

            def detail(self, message: str) -> None:
                status.update(message)

        yield OnTerminal()
