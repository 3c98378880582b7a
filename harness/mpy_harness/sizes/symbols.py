"""Share a section's bytes out among the symbols in it, each byte once."""

from __future__ import annotations

import shutil
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from mpy_harness import architectures
from mpy_harness.firmware.process import run
from mpy_harness.limits import ANSWER_SECONDS
from mpy_harness.sizes.linkmap import Piece
from mpy_harness.sizes.tree import SizeTree

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

LINKER = "(linker)"
#: Constants that the linker merges: their pieces have no symbols.
MERGED = ("(strings)", "(constants)")
SCRIPT = "(linker script)"
PADDING = "(padding)"
UNNAMED = "(unnamed)"
_DEMANGLERS = tuple(f"{compiler.prefix}c++filt" for compiler in architectures.COMPILERS)
_END = Piece("", "", 1 << 64, 0, "")
_AT_ONCE = 500


@dataclass(frozen=True, order=True)
class Symbol:
    """A function or variable: its first address, its bytes as the ELF file says, and its name."""

    start: int
    size: int
    name: str


def read_symbols(image: ELFFile) -> list[Symbol]:
    """Return the symbols of functions and variables by address: of several for one place, the name that others know."""
    from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415 - slow to import

    machine = image["e_machine"]
    found: dict[int, tuple[int, bool, str]] = {}
    for section in image.iter_sections():
        if not isinstance(section, SymbolTableSection):
            continue
        for symbol in section.iter_symbols():
            kind, is_local = symbol["st_info"]["type"], symbol["st_info"]["bind"] == "STB_LOCAL"
            # Assembly may not say what its labels are; the linker's own and the marks of an ABI ($t) tell no place.
            labelled = kind == "STT_NOTYPE" and not is_local and symbol["st_shndx"] != "SHN_ABS"
            if kind not in {"STT_FUNC", "STT_OBJECT"} and not labelled:
                continue
            if symbol["st_shndx"] == "SHN_UNDEF" or not symbol.name:
                continue
            start = symbol["st_value"]
            if kind == "STT_FUNC":
                start = architectures.code_address(machine, start)
            better = (-symbol["st_size"], is_local, symbol.name)
            found[start] = min(found.get(start, better), better)
    names = demangled([name for _, _, name in found.values()])
    return sorted(Symbol(start, -size, names[name]) for start, (size, _, name) in found.items())


def demangled(names: Sequence[str]) -> dict[str, str]:
    """Return C++ names as they were written; they stay as they are where no c++filt is installed."""
    plain = {name: name for name in names}
    mangled = [name for name in plain if name.startswith("_Z")]
    program = next((path for path in map(shutil.which, _DEMANGLERS) if path), None)
    if mangled and program:
        for first in range(0, len(mangled), _AT_ONCE):
            some = mangled[first : first + _AT_ONCE]
            said = run([Path(program), "--", *some], timeout=ANSWER_SECONDS).output.splitlines()
            if len(said) == len(some):
                plain.update(zip(some, said, strict=True))
    return plain


def share_out(section: str, start: int, size: int, pieces: Sequence[Piece], symbols: Sequence[Symbol]) -> SizeTree:
    """Return a section's tree: object files with the symbols in them; without a map, the section stands for them."""
    end = start + size
    objects: dict[str, Counter[str]] = {}
    mine = list(_there(p for p in pieces if p.output == section and start <= p.start < end))
    if pieces and not mine:  # nobody's variables: room for stacks, for instance
        return SizeTree.of(section, [SizeTree.of(SCRIPT, {section: size})])
    if not mine:
        objects[section] = Counter(dict(_named(Piece(section, section, start, size, section), end, symbols, UNNAMED)))
    at = start
    for piece, following in pairwise([*mine, _END]):
        # Strings that were merged are gone from where the map still has them.
        last = min(piece.start + piece.size, following.start, end)
        if last <= at:
            continue
        if piece.start > at:
            objects.setdefault(LINKER, Counter())[PADDING] += piece.start - at
        begin = max(piece.start, at)
        rest = Piece(piece.name, section, begin, last - begin, piece.object)
        for name, count in _named(rest, last, symbols, _unnamed(piece.name)):
            objects.setdefault(piece.object, Counter())[name] += count
        at = last
    if mine and at < end:
        objects.setdefault(LINKER, Counter())[PADDING] += end - at
    return SizeTree.of(section, [SizeTree.of(name, dict(counts)) for name, counts in objects.items()])


def _there(pieces: Iterable[Piece]) -> Iterator[Piece]:
    # Strings that were merged with others are listed where they would have been: inside of what came there instead.
    covered = 0
    for piece in pieces:
        is_merged = _unnamed(piece.name) in MERGED
        if is_merged and piece.start < covered:
            continue
        if not is_merged:
            covered = piece.start + piece.size
        yield piece


def _unnamed(section: str) -> str:
    return "(strings)" if ".str" in section else "(constants)" if ".cst" in section else f"({section})"


def _named(piece: Piece, end: int, symbols: Sequence[Symbol], unnamed: str) -> Iterator[tuple[str, int]]:
    first, behind = _between(symbols, piece.start, end)
    at, rest = piece.start, Counter[str]()
    for number in range(first, behind):
        symbol = symbols[number]
        following = symbols[number + 1].start if number + 1 < behind else end
        last = min(symbol.start + symbol.size, end) if symbol.size else following
        if symbol.start > at:
            rest[unnamed] += symbol.start - at
        if last > max(at, symbol.start):
            rest[symbol.name] += last - max(at, symbol.start)
            at = last
    if at < end:
        rest[unnamed] += end - at
    yield from rest.items()


def _between(symbols: Sequence[Symbol], start: int, end: int) -> tuple[int, int]:
    return (
        bisect_left(symbols, start, key=lambda symbol: symbol.start),
        bisect_left(symbols, end, key=lambda symbol: symbol.start),
    )
