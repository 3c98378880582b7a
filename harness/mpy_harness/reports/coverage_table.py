"""Which lines of native modules ran, as a table: a row for each source file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mpy_harness.memcheck.coverage import FileCoverage
from mpy_harness.reports.table import aligned

_MOST = 12  # groups of lines that are listed


def coverage_lines(coverage: Mapping[Path, FileCoverage], folder: Path) -> list[str]:
    """Return the table's lines; paths are relative to ``folder`` where they lie below it."""
    rows = [["file", "lines", "run", "%", "branches", "both ways", "lines that did not run"]]
    rows += [_row(path, coverage[path], folder) for path in sorted(coverage)]
    return aligned(rows)


def _row(path: Path, file: FileCoverage, folder: Path) -> list[str]:
    name = os.path.relpath(path, folder) if path.is_relative_to(folder) else str(path)
    ran = sum(runs > 0 for runs in file.lines.values())
    pairs = [pair for each in file.branches.values() for pair in each]
    missing = list(_groups([line for line in sorted(file.lines) if not file.lines[line]], sorted(file.lines)))
    shown = ", ".join(missing[:_MOST]) + ", …" * (len(missing) > _MOST)
    share = f"{100 * ran / len(file.lines):.0f}" if file.lines else ""
    counts = (len(file.lines), ran, share, len(pairs), sum(all(pair) for pair in pairs))
    return [name, *map(str, counts), shown]


def _groups(missing: Sequence[int], all_lines: Sequence[int]) -> Iterator[str]:
    """Give lines that did not run, those together between which no line of code ran: 7, 12-15."""
    at = {line: number for number, line in enumerate(all_lines)}
    first = last = 0
    for line in missing:
        if first and at[line] == at[last] + 1:
            last = line
            continue
        if first:
            yield f"{first}-{last}" if last > first else str(first)
        first = last = line
    if first:
        yield f"{first}-{last}" if last > first else str(first)
