"""GitHub Flavored Markdown that no data can turn into something else, and tables cut to a length.

Names become code spans: inside them GitHub knows no mentions, references, links, emoji, mathematics or HTML.
Sentences keep their words as text, anything else in them becomes code as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mpy_harness.reports.figures import plural
from mpy_harness.reports.names import printable, shortened

_NAME = 100
_SENTENCE = 300
_SHORTEST_ROW = 20  # bytes
_NUMBERS = {"base", "head", "change", "%", "value"}
#: Words of letters and short numbers are text. GitHub takes seven hexadecimal digits for a commit, "1." begins a list.
_WORD = re.compile(r"\(?((?![0-9a-f]{7})[^\W\d_]+[.,;:]?|\d{1,6}[,;:]?|[+-]?\d{1,3}(,\d{3})*[,;:]?)\)?[,;:]?|/|→")
_RUN = re.compile(r"`+")


def code(name: str, length: int = _NAME) -> str:
    """Return a name as a code span, for text and for cells of a table; shortened to ``length`` columns."""
    shown = shortened(printable(name), length)[: 2 * length]
    # In a cell, a backslash makes a bar part of it. One that is there already would be taken together with it.
    shown = shown.replace("\\|", "\\\\u007c").replace("|", "\\|")
    if shown.endswith("\\"):
        shown += " "  # else it would make the end of the cell part of it
    runs = {len(run) for run in _RUN.findall(shown)}
    fence = "`" * next(count for count in range(1, len(runs) + 2) if count not in runs)
    pad = " " if shown[0] in "` " or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(sentence: str, length: int = _SENTENCE) -> str:
    """Return a sentence with all that is not plain words as code; shortened to ``length`` columns."""
    out: list[str] = []
    odd: list[str] = []
    for token in [*shortened(printable(sentence), length)[: 2 * length].split(" "), None]:
        if token is not None and not _WORD.fullmatch(token):
            odd.append(token)
            continue
        if any(odd):
            out.append(_odd(" ".join(odd), length))
        odd = []
        out += [token] if token is not None else []
    return " ".join(out)


def _odd(text: str, length: int) -> str:
    bare = text.rstrip(".,;:")
    return code(bare, length) + text[len(bare) :][:1] if bare else code(text, length)


def figure(text: str) -> str:
    """Return one of our own figures for Markdown."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


@dataclass(frozen=True)
class Section:
    """A table with a title; its cells are Markdown."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = True


def fitted(intro: Sequence[str], sections: Sequence[Section], outro: Sequence[str], limit: int) -> str:
    """Return a document of at most ``limit`` bytes of UTF-8; rows that have no room are left out and counted."""
    total = sum(len(section.rows) for section in sections)
    fewest, most = 0, min(total, limit // _SHORTEST_ROW)
    text = _document(intro, sections, outro, most)
    if len(text.encode()) <= limit:
        return text
    while fewest < most:
        middle = (fewest + most + 1) // 2
        if len(_document(intro, sections, outro, middle).encode()) <= limit:
            fewest = middle
        else:
            most = middle - 1
    return _document(intro, sections, outro, fewest)


def _document(intro: Sequence[str], sections: Sequence[Section], outro: Sequence[str], room: int) -> str:
    blocks = list(intro)
    missing = 0
    for section in sections:
        rows = section.rows[:room]
        room -= len(rows)
        missing += len(section.rows) - len(rows)
        if rows:
            table = _table(section, rows)
            title = f"<summary>{section.title}</summary>"
            blocks.append(f"<details>{title}\n\n{table}\n\n</details>" if section.folded else table)
    if missing:
        blocks.append(f"**Truncated:** {plural(missing, 'more row')} in the attached CSV.")
    return "\n\n".join([*blocks, *outro]) + "\n"


def _table(section: Section, rows: Sequence[Sequence[str]]) -> str:
    lines = [section.columns, ["--:" if column in _NUMBERS else "---" for column in section.columns], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
