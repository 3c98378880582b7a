"""Read a GNU linker's map file: which object file put which bytes where (ld manual, option -Map)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

_BEGIN = "Linker script and memory map"
_OUTPUT = re.compile(r"^(\S+)")
_DISCARDED = "/DISCARD/"
_INPUT = re.compile(r"^ ([^\s*]\S*)(.*)")
_PLACED = re.compile(r"^\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$")
_BEFORE = re.compile(r"^\s+0x([0-9a-f]+) \(size before relaxing\)$")
_MERGED = re.compile(r"\.(?:str|cst)[\d.]+$")  # equal strings and constants are one; the compiler names sections so
_STUBS = "linker stubs"  # as the linker calls what it made itself
_MEMBER = re.compile(r"([^/]+\([^/]+\))$")  # of an archive


@dataclass(frozen=True)
class Piece:
    """An input section: its name, the output section it went to, address, bytes and object file."""

    name: str
    output: str
    start: int
    size: int
    object: str


_END = Piece("", "", 0, 0, "")


def read_map(file: Path) -> list[Piece]:
    """Return the pieces with bytes in a map file by address, none where the file does not exist."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    pieces = sorted(_shared(list(_pieces(text))), key=lambda piece: (piece.output, piece.start))
    loose = [Path(each.object) for each in pieces if not _MEMBER.search(each.object) and each.object != _STUBS]
    ours = [path for path in loose if not path.is_absolute()] or loose  # not the compiler's start-up code
    root = os.path.commonpath({path.parent for path in ours}) if ours else ""
    return [Piece(p.name, p.output, p.start, p.size, _short(p.object, root)) for p in pieces]


def _pieces(text: str) -> Iterator[tuple[Piece, int]]:
    # And how large each was before the linker changed that.
    output = name = ""
    for line, after in pairwise([*text.partition(_BEGIN)[2].splitlines(), ""]):
        if match := _OUTPUT.match(line):
            output, name = match.group(1), ""
            continue
        if match := _INPUT.match(line):
            name, line = match.groups()  # noqa: PLW2901 - a long name stands on a line of its own
        placed = _PLACED.match(line)
        if placed and name and output != _DISCARDED:
            start, size = int(placed.group(1), 16), int(placed.group(2), 16)
            if size:
                before = _BEFORE.match(after)
                yield (
                    Piece(name, output, start, size, placed.group(3).strip()),
                    (int(before.group(1), 16) if before else size),
                )
            name = ""


def _shared(pieces: list[tuple[Piece, int]]) -> Iterator[Piece]:
    # Linkers that merge strings give some of them to another piece than they came from, which has grown then. Newer
    # ones give all to the first that had some, and the others stand where the next piece is: each of these gets as much
    # of what the first has too much as it had. A piece with a place of its own keeps it.
    pools: dict[tuple[str, str], range] = {}
    for piece, before in pieces:
        if before < piece.size and (kind := _kind(piece)):
            pools.setdefault((piece.output, kind), range(piece.start + before, piece.start + piece.size))
    largest = dict(pools)
    for (piece, before), (after, _) in pairwise([*pieces, (_END, 0)]):
        key = (piece.output, _kind(piece))
        pool = pools.get(key, range(0))
        if key in largest and piece.start + before == largest[key].start and before < piece.size:
            yield replace(piece, size=before)
        elif pool and key[1] and after.output == piece.output and after.start < piece.start + piece.size:
            size = min(before, len(pool))
            pools[key] = pool[size:]
            yield replace(piece, start=pool.start, size=size)
        else:
            yield piece
    for piece, before in pieces:
        left = pools.get((piece.output, _kind(piece)), range(0))
        if left and before < piece.size and piece.start + before == largest[piece.output, _kind(piece)].start:
            yield replace(piece, start=left.start, size=len(left))


def _kind(piece: Piece) -> str:
    found = _MERGED.search(piece.name)
    return found.group() if found else ""


def _short(path: str, root: str) -> str:
    # Where it was built says nothing: `py/gc.o`, `libgcc.a(_udivdi3.o)`. Below that, a path stays as it is: wherever a
    # source lies, its object's path begins with the folder of the module in C that it is of: `gauge/../shared/far.o`.
    if match := _MEMBER.search(path):
        return match.group(1)
    if Path(path).is_absolute() and not Path(root).is_absolute():
        return Path(path).name
    return path.removeprefix(root).lstrip("/") if root else path
