"""Names and figures as reports show them: a name comes from a file that somebody else made."""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

NO_MODULE = "(no module)"
# What a CI system takes for a command: GitHub's runner "::" at the start of a line and "##[" anywhere in it (class
# ActionCommand of github.com/actions/runner), Azure's "##vso[" as well.
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#(?:vso)?\[)")


def printable(name: str) -> str:
    """Return a name with control characters, bidirectional overrides and other invisible ones written as escapes."""
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name)
    return shown if shown.strip() else "(unnamed)"


def harmless(text: str) -> str:
    """Return a text of several lines that cannot steer a terminal or the log of a CI job, whoever wrote it.

    Control characters and other invisible ones are written as escapes, all but tabs and ends of lines, and so is the
    first character of what is a command to a CI system.
    """
    return "\n".join(harmless_line(line) for line in text.replace("\r\n", "\n").split("\n"))


def harmless_line(text: str) -> str:
    """Return a text as ``harmless`` does, on one line."""
    shown = "".join(each if each.isprintable() or each == "\t" else ascii(each)[1:-1] for each in text)
    return _COMMAND.sub(lambda found: f"{found[1] or ''}\\x{ord(found[0][-1]):x}", shown)


def shortened(text: str, length: int) -> str:
    """Return a text in at most that many columns (at least 1); a dot-dot-dot stands for what is missing."""
    return text if cell_len(text) <= length else set_cell_size(text, length - 1).rstrip() + "…"


def share(part: int, whole: int) -> str:
    """Return a part as percents of a whole, which may be zero."""
    return f"{100 * part / whole if whole else 0:.1f}%"
