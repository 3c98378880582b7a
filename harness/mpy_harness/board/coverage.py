"""Which code of native modules ran on a board, through all lives of its machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mpy_harness.counting.locate import CodeImage
from mpy_harness.memcheck.coverage import BlockTable, Coverage, coverage_of, merge

#: A block of a module's code by its offset, "" for the block itself or which way the branch at its end went.
Way = tuple[int, str]


class NativeCoverage:
    """Reads the plugin's table of blocks. ``images`` are the modules that the machine has loaded, by number."""

    def __init__(self, images: Mapping[int, CodeImage | None]) -> None:
        self._images = images
        self._table: BlockTable | None = None
        self._before: Coverage = {}

    def connect(self, table: BlockTable | None) -> None:
        """Read this table from now on: the machine has started."""
        self._table = table

    def disconnect(self) -> None:
        """Keep what is in the table: the machine is about to end."""
        self._before = self.so_far()
        self._table = None

    def so_far(self) -> Coverage:
        """Return which lines ran since the board began. The guest must not run anything meanwhile."""
        coverage: Coverage = {}
        merge(coverage, self._before)
        blocks = self._table.read() if self._table is not None else None
        for number, image in self._images.items():
            if blocks is not None and image is not None:
                merge(coverage, coverage_of(image, blocks[blocks["module"] == number]))
        return coverage

    def ways(self) -> Counter[Way]:
        """Return what ran since the machine started, and how often."""
        counted: Counter[Way] = Counter()
        if self._table is not None:
            blocks = self._table.read()
            for name, counts in (("", "runs"), ("taken", "taken"), ("not taken", "passed")):
                ran = blocks[blocks[counts] > 0]
                for offset, count in zip(ran["offset"].tolist(), ran[counts].tolist(), strict=True):
                    counted[offset, name] += count
        return counted
