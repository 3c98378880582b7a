"""Tables of text: the one way in which columns are laid out on a terminal."""

from __future__ import annotations

import re

from rich.cells import cell_len

from mpy_harness.reports.names import harmless_line

_NUMBER = re.compile(r"[-+≤≥<>×\d]|(inf|nan)\b")


def aligned(rows: list[list[str]]) -> list[str]:
    """Return rows as lines with columns of equal width; numbers stand to the right, empty columns are left out.

    The first row has the headlines. A column counts as empty where only its headline is there.
    """
    shown = [[harmless_line(cell) for cell in row] for row in rows]
    columns = [column for column in zip(*shown, strict=True) if any(column[1:] or column)]
    padded = [_padded(column) for column in columns]
    return ["  ".join(cells).rstrip() for cells in zip(*padded, strict=True)]


def _padded(column: tuple[str, ...]) -> list[str]:
    # East Asian characters are two columns wide: cell_len knows.
    width = max(map(cell_len, column))
    is_numeric = all(_NUMBER.match(cell) for cell in column[1:] if cell)
    gaps = [" " * (width - cell_len(cell)) for cell in column]
    return [gap + cell if is_numeric else cell + gap for cell, gap in zip(column, gaps, strict=True)]
