"""Tables of text: the one way in which columns are laid out on a terminal."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[-+≤≥<>×\d]|(inf|nan)\b")


def aligned(rows: list[list[str]]) -> list[str]:
    """Return rows as lines with columns of equal width; numbers stand to the right, empty columns are left out."""
    rows = [
        list(row)
        for row in zip(*(column for column in zip(*rows, strict=True) if any(column[1:] or column)), strict=True)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = [all(_NUMBER.match(row[column]) for row in rows[1:] if row[column]) for column in range(len(widths))]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in rows
    ]
