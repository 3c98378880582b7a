"""Which source line each piece of a native module's code comes from: read from its object files before they go.

The compiler is told to write debug information (``-g``, which does not change its code); the linker of native modules
leaves that out. ``objdump -d -l`` of the toolchain knows the format of every architecture's relocations.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpy_harness.firmware.process import run
from mpy_harness.firmware.project_mirror import Mirror

_SECONDS = 60.0
_SECTION = re.compile(r"Disassembly of section (\S+):")
_LINE = re.compile(r"(/.+|\w.*\.\w+):(\d+)(?: \(discriminator \d+\))?")
_CODE = re.compile(r"\s*([0-9a-f]+):\s")


@dataclass(frozen=True)
class LineTable:
    """Source lines by offset into a module's text; a start whose file is None begins code without a source."""

    files: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    places: tuple[tuple[int | None, int], ...] = ()

    def at(self, offset: int) -> tuple[str, int] | None:
        """Return the file (relative to the module's folder, where it is in its project) and line of an offset."""
        index = bisect_right(self.starts, offset) - 1
        file, line = self.places[index] if index >= 0 else (None, 0)
        return None if file is None else (self.files[file], line)

    def as_json(self) -> dict[str, Any]:
        """Return the table as JSON data."""
        return {"files": self.files, "starts": self.starts, "places": self.places}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LineTable:
        """Return the table that ``as_json`` gave."""
        return cls(tuple(data["files"]), tuple(data["starts"]), tuple((file, line) for file, line in data["places"]))


@dataclass(frozen=True)
class CodeSection:
    """Code of an object file: the section's name, its place in the module's text, and its size."""

    object: str
    name: str
    offset: int
    size: int


def read_lines(sections: Sequence[CodeSection], objdump: Path, mirror: Mirror) -> LineTable:
    """Return the lines of what was linked in the mirror of a module's folder."""
    by_object: dict[str, list[CodeSection]] = {}
    for section in sections:
        by_object.setdefault(section.object, []).append(section)
    found: list[tuple[int, str | None, int]] = []
    for name, listed in by_object.items():
        file = mirror.place / name
        placed = {section.name: section for section in listed}
        if file.is_file():  # not a member of a library
            output = run([objdump, "-d", "-l", "--no-show-raw-insn", file], timeout=_SECONDS).output
            for where, address, source, line in _lines(output.splitlines()):
                if where in placed:
                    found.append((placed[where].offset + address, _own_name(source, mirror), line))
        found += [(section.offset + section.size, None, 0) for section in listed]
    return _table(sorted(found, key=lambda entry: (entry[0], entry[1] is not None)))


def _lines(output: Iterable[str]) -> Iterator[tuple[str, int, str, int]]:
    """Give section, address, file and line of each instruction from which on another line is meant."""
    section = ""
    current: tuple[str, int] | None = None
    given: tuple[str, int] | None = None
    for text in output:
        if match := _SECTION.fullmatch(text):
            section, current, given = match[1], None, None
        elif match := _LINE.fullmatch(text):
            current = match[1], int(match[2])
        elif (match := _CODE.match(text)) and current is not None and current != given:
            given = current
            yield section, int(match[1], 16), *current


def _own_name(source: str, mirror: Mirror) -> str:
    path = Path(os.path.realpath(mirror.place / source))
    path = Path(os.path.realpath(mirror.original(path) or path))
    if path.is_relative_to(os.path.realpath(mirror.project)):
        return os.path.relpath(path, os.path.realpath(mirror.folder))
    return str(path)


def _table(entries: Iterable[tuple[int, str | None, int]]) -> LineTable:
    files: dict[str, int] = {}
    starts: list[int] = []
    places: list[tuple[int | None, int]] = []
    for offset, file, line in entries:
        place = (None if file is None else files.setdefault(file, len(files))), line
        if starts and starts[-1] == offset:  # what begins here counts, not what ends here
            places[-1] = place
        else:
            starts.append(offset)
            places.append(place)
    return LineTable(tuple(files), tuple(starts), tuple(places))
