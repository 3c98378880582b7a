"""Tables of text: the one way in which columns are laid out on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from rich.cells import cell_len

from mpy_harness.reports.names import harmless_line, shortened

_GAP = "  "
_NARROWEST = 8
_PAGE: ContextVar[int | None] = ContextVar("page", default=None)
_NUMBER = re.compile(r"[-+≤≥<>×\d]|(inf|nan)\b")


def aligned(rows: list[list[str]]) -> list[str]:
    """Return rows as lines with columns of equal width; numbers stand to the right, empty columns are left out.

    The first row has the headlines. A column counts as empty where only its headline is there. Within ``page_of``, the
    widest columns of text are cut so that the lines fit.
    """
    shown = [[harmless_line(cell) for cell in row] for row in rows]
    columns = [column for column in zip(*shown, strict=True) if any(column[1:] or column)]
    padded = [_padded(column) for column in _fitted(columns, _PAGE.get())]
    return [_GAP.join(cells).rstrip() for cells in zip(*padded, strict=True)]


@contextmanager
def page_of(width: int | None) -> Iterator[None]:
    """Let tables be at most that many columns wide, where their numbers leave room for it; None: as they need."""
    token = _PAGE.set(width)
    try:
        yield
    finally:
        _PAGE.reset(token)


def _fitted(columns: Sequence[tuple[str, ...]], page: int | None) -> list[tuple[str, ...]]:
    widths = [max(map(cell_len, column)) for column in columns]
    texts = [number for number, column in enumerate(columns) if not _is_numeric(column)]
    while page is not None and texts and sum(widths) + len(_GAP) * (len(widths) - 1) > page:
        widest = max(texts, key=lambda number: widths[number])
        if widths[widest] <= _NARROWEST:
            break  # numbers are never cut
        widths[widest] -= 1
    return [tuple(shortened(cell, width) for cell in column) for column, width in zip(columns, widths, strict=True)]


def _is_numeric(column: tuple[str, ...]) -> bool:
    return all(_NUMBER.match(cell) for cell in column[1:] if cell)


def _padded(column: tuple[str, ...]) -> list[str]:
    # East Asian characters are two columns wide: cell_len knows.
    width = max(map(cell_len, column))
    is_numeric = _is_numeric(column)
    gaps = [" " * (width - cell_len(cell)) for cell in column]
    return [gap + cell if is_numeric else cell + gap for cell, gap in zip(column, gaps, strict=True)]
