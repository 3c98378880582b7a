"""Which code of native modules ran: the plugin's table of blocks (plugin_c/memcheck/coverage.c), and source lines."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mpy_harness.counting.locate import CodeImage
from mpy_harness.errors import MachineryError

#: A block: its offset into the module's text and its size in bytes, the offset of the conditional branch that ends it
#: (0: none), how often it ran, and how often that branch was taken and was not.
BLOCK = np.dtype(
    [(name, "<u4") for name in ("module", "offset", "size", "branch")]
    + [(name, "<u8") for name in ("runs", "taken", "passed")]
)
Blocks = np.ndarray[Any, np.dtype[np.void]]

_HEADER = np.dtype([("used", "<u4"), ("is_full", "<u4")])
# Blocks: a large module has some hundreds, again at each place where it is loaded. What is not used takes no memory.
_ROOM = 1 << 20
#: Bytes of the file that the plugin writes the table into.
TABLE_BYTES = _HEADER.itemsize + _ROOM * BLOCK.itemsize


class BlockTable:
    """The table in memory that is shared with the plugin; it grows while the machine runs."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.ftruncate(descriptor, TABLE_BYTES)

    def read(self) -> Blocks:
        """Return all blocks of ``BLOCK`` so far, shape (n,). The guest must not be running.

        Raises MachineryError where there were more than the table has room for.
        """
        header = np.frombuffer(os.pread(self._descriptor, _HEADER.itemsize, 0), _HEADER)[0]
        if header["is_full"]:
            raise MachineryError(
                f"which native code ran is not known: it has more than {_ROOM:,} blocks. "
                "Run its tests in several sessions."
            )
        size = int(header["used"]) * BLOCK.itemsize
        data = os.pread(self._descriptor, size, _HEADER.itemsize)
        return np.frombuffer(data, BLOCK)


@dataclass
class FileCoverage:
    """How often lines of a source file ran, and its functions; ``branches`` has pairs (taken, not taken) by line.

    Only lines are in it of which there is code.
    """

    lines: dict[int, int] = field(default_factory=dict)
    functions: dict[str, tuple[int, int]] = field(default_factory=dict)
    branches: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, other: FileCoverage) -> None:
        """Add what ran at another time, or on another target."""
        for line, runs in other.lines.items():
            self.lines[line] = self.lines.get(line, 0) + runs
        for name, (line, runs) in other.functions.items():
            self.functions[name] = line, self.functions.get(name, (line, 0))[1] + runs
        for line, pairs in other.branches.items():
            mine = self.branches.get(line, [])
            count = max(len(mine), len(pairs))
            padded = [(each + [(0, 0)] * count)[:count] for each in (mine, list(pairs))]
            self.branches[line] = [(a + c, b + d) for (a, b), (c, d) in zip(*padded, strict=True)]


#: By source file.
Coverage = dict[Path, FileCoverage]


def merge(into: Coverage, more: Mapping[Path, FileCoverage]) -> None:
    """Add one coverage to another."""
    for path, file in more.items():
        into.setdefault(path, FileCoverage()).add(file)


def as_json(coverage: Coverage) -> dict[str, Any]:
    """Return a coverage as JSON data."""
    return {
        str(path): {"lines": [*file.lines.items()], "functions": file.functions, "branches": [*file.branches.items()]}
        for path, file in coverage.items()
    }


def from_json(data: Mapping[str, Any]) -> Coverage:
    """Return the coverage that ``as_json`` gave."""
    return {
        Path(path): FileCoverage(
            dict(file["lines"]),
            {name: (line, runs) for name, (line, runs) in file["functions"].items()},
            {line: [(taken, passed) for taken, passed in pairs] for line, pairs in file["branches"]},
        )
        for path, file in data.items()
    }


def coverage_of(image: CodeImage, blocks: Blocks) -> Coverage:
    """Return which lines of a module's own sources ran, given its blocks; none where its sources are not known."""
    if image.folder is None:
        return {}
    runs = np.zeros(len(image.text) + 1, np.int64)
    for block in blocks:
        runs[int(block["offset"]) : int(block["offset"] + block["size"])] += int(block["runs"])
    found: Coverage = defaultdict(FileCoverage)
    for start, end, path, line in _ranges(image):
        lines = found[path].lines
        lines[line] = max(lines.get(line, 0), int(runs[start : max(end, start + 1)].max(initial=0)))
    for function in image.functions:
        if place := _place(image, function.offset):
            found[place[0]].functions[function.name] = place[1], int(runs[function.offset])
    for offset, taken, passed in _branches(blocks):
        if place := _place(image, offset):
            found[place[0]].branches.setdefault(place[1], []).append((taken, passed))
    return dict(found)


def _branches(blocks: Blocks) -> Iterable[tuple[int, int, int]]:
    sums: dict[int, tuple[int, int]] = {}
    for block in blocks[blocks["branch"] > 0]:
        taken, passed = sums.get(int(block["branch"]), (0, 0))
        sums[int(block["branch"])] = taken + int(block["taken"]), passed + int(block["passed"])
    return [(offset, *sums[offset]) for offset in sorted(sums)]


def _ranges(image: CodeImage) -> Iterator[tuple[int, int, Path, int]]:
    starts = (*image.lines.starts, len(image.text))
    for start, end in itertools.pairwise(starts):
        if place := _place(image, start):
            yield start, end, *place


def _place(image: CodeImage, offset: int) -> tuple[Path, int] | None:
    """Return file and line of an offset, where those are of the module's project."""
    found = image.lines.at(offset)
    if found is None or image.folder is None or Path(found[0]).is_absolute() or not found[1]:
        return None
    return Path(os.path.normpath(image.folder / found[0])), found[1]
