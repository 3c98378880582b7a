"""Which lines of native modules ran, as a run keeps it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from mpy_harness.limits import COVERED_FILES
from mpy_harness.measurements.run import CoveredFile, plain
from mpy_harness.memcheck.coverage import FileCoverage


def covered_files(coverage: Mapping[Path, FileCoverage], folder: Path) -> tuple[CoveredFile, ...]:
    """Return a record for each file, in the order of their names: relative to ``folder`` where they lie there."""
    return tuple(_record(path, coverage[path], folder) for path in islice(sorted(coverage), COVERED_FILES))


def _record(path: Path, file: FileCoverage, folder: Path) -> CoveredFile:
    pairs = [pair for each in file.branches.values() for pair in each]
    return CoveredFile(
        file=plain(os.path.relpath(path, folder) if path.is_relative_to(folder) else str(path)),
        ran=tuple(line for line in sorted(file.lines) if file.lines[line]),
        missed=tuple(line for line in sorted(file.lines) if not file.lines[line]),
        branches=len(pairs),
        both_ways=sum(all(pair) for pair in pairs),
    )


def together(records: Iterable[CoveredFile]) -> tuple[CoveredFile, ...]:
    """Return one record for each file: a line that ran in any of them ran.

    Which branches were taken both ways is not known of several: those of the one that knows most.
    """
    found: dict[str, CoveredFile] = {}
    for each in records:
        other = found.get(each.file, each)
        ran = {*each.ran, *other.ran}
        most = max(each, other, key=lambda record: record.both_ways)
        lines = {"ran": tuple(sorted(ran)), "missed": tuple(sorted({*each.missed, *other.missed} - ran))}
        found[each.file] = most.model_copy(update=lines)
    return tuple(found[name] for name in sorted(found))


def groups(missed: Sequence[int], ran: Sequence[int]) -> Iterator[str]:
    """Give lines that did not run, those together between which no line ran: ``7``, ``12-15``."""
    places = {line: number for number, line in enumerate(sorted([*missed, *ran]))}
    first = last = 0
    for line in missed:
        if first and places[line] == places[last] + 1:
            last = line
            continue
        if first:
            yield f"{first}-{last}" if last > first else str(first)
        first = last = line
    if first:
        yield f"{first}-{last}" if last > first else str(first)
