"""Which lines of native modules ran, as a table: a row for each source file."""

from __future__ import annotations

from collections.abc import Sequence

from mpy_harness.measurements.covered import groups
from mpy_harness.measurements.run import CoveredFile
from mpy_harness.reports.table import aligned

HEAD = ("file", "lines", "run", "%", "branches", "both ways", "lines that did not run")
_MOST = 12  # groups of lines that are listed


def coverage_lines(files: Sequence[CoveredFile]) -> list[str]:
    """Return the table's lines."""
    return aligned([list(HEAD), *([str(cell) for cell in coverage_row(file)] for file in files)])


def coverage_row(file: CoveredFile) -> tuple[str, int, int, str, int, int, str]:
    """Return a row's cells, as ``HEAD`` calls them."""
    lines = len(file.ran) + len(file.missed)
    missing = list(groups(file.missed, file.ran))
    shown = ", ".join(missing[:_MOST]) + ", …" * (len(missing) > _MOST)
    share = f"{100 * len(file.ran) / lines:.0f}" if lines else ""
    return file.file, lines, len(file.ran), share, file.branches, file.both_ways, shown
