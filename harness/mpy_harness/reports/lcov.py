"""Which lines of native modules ran, as lcov's tools read it (``man geninfo``, "FILES")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mpy_harness.memcheck.coverage import FileCoverage


def tracefile(coverage: Mapping[Path, FileCoverage]) -> str:
    """Return the text of a tracefile (``.info``): a record for each source file, in the order of their names."""
    return "".join(f"{line}\n" for path in sorted(coverage) for line in _record(path, coverage[path]))


def _record(path: Path, file: FileCoverage) -> Iterator[str]:
    yield "TN:"
    yield f"SF:{path}"
    functions = sorted((line, name, runs) for name, (line, runs) in file.functions.items())
    yield from (f"FN:{line},{name}" for line, name, _ in functions)
    yield from (f"FNDA:{runs},{name}" for _, name, runs in functions)
    yield f"FNF:{len(functions)}"
    yield f"FNH:{sum(runs > 0 for _, _, runs in functions)}"
    ways = [
        (line, block, branch, count)
        for line in sorted(file.branches)
        for block, pair in enumerate(file.branches[line])
        for branch, count in enumerate(pair)
    ]
    yield from (f"BRDA:{line},{block},{branch},{count}" for line, block, branch, count in ways)
    yield f"BRF:{len(ways)}"
    yield f"BRH:{sum(count > 0 for *_, count in ways)}"
    yield from (f"DA:{line},{file.lines[line]}" for line in sorted(file.lines))
    yield f"LF:{len(file.lines)}"
    yield f"LH:{sum(runs > 0 for runs in file.lines.values())}"
    yield "end_of_record"
