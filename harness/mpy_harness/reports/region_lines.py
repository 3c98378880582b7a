"""Counted regions, a line for each."""

from __future__ import annotations

from collections.abc import Sequence

from mpy_harness.counting import reads
from mpy_harness.counting.count import Count
from mpy_harness.reports.names import harmless_line, shortened

_NAME = 72  # columns of a region's name


def region_lines(counts: Sequence[Count]) -> list[str]:
    """Return a line for each region that a program marked."""
    return [
        f"region {shortened(harmless_line(repr(count.name)), _NAME)}: {count.instructions:,} instructions"
        + (f", reads {reads.described(count.reads)}" if count.reads else "")
        + ("" if count.finished else " until the script's end: it was not stopped")
        for count in counts
    ]
