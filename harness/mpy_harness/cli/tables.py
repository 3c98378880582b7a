"""How wide tables may be: as wide as the terminal, in a pipe as wide as they need to be."""

from __future__ import annotations

import shutil
import sys


def page_width() -> int | None:
    """Return the columns of the terminal on standard output, None where that is none."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None
