"""Tables of what is installed: on a terminal as wide as it is, in a pipe as wide as they need to be."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

output = Console(width=None if sys.stdout.isatty() else 1000)


def table(*headers: str) -> Table:
    """Return an empty table without lines."""
    return Table(*headers, box=None, pad_edge=False)
