"""Names and figures as reports show them: a name comes from a file that somebody else made."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

NO_MODULE = "(no module)"


def printable(name: str) -> str:
    """Return a name with control characters, bidirectional overrides and other invisible ones written as escapes."""
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name)
    return shown if shown.strip() else "(unnamed)"


def shortened(text: str, length: int) -> str:
    """Return a text in at most that many columns (at least 1); a dot-dot-dot stands for what is missing."""
    return text if cell_len(text) <= length else set_cell_size(text, length - 1).rstrip() + "…"


def share(part: int, whole: int) -> str:
    """Return a part as percents of a whole, which may be zero."""
    return f"{100 * part / whole if whole else 0:.1f}%"
