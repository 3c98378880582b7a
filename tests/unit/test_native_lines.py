"""Lines of native modules that ran: from blocks, added up, as lcov's file and as a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mpy_harness.counting.locate import CodeImage
from mpy_harness.firmware.natmod_lines import LineTable
from mpy_harness.firmware.natmod_symbols import NatmodFunction
from mpy_harness.measurements.covered import covered_files, together
from mpy_harness.measurements.run import CoveredFile
from mpy_harness.memcheck.coverage import BLOCK, FileCoverage, as_json, coverage_of, from_json, merge
from mpy_harness.reports.coverage_table import coverage_lines
from mpy_harness.reports.lcov import tracefile

FOLDER = Path("/project/natmods/m")
# Two files of the project, one from elsewhere, constants behind them.
LINES = LineTable(
    ("m.c", "../shared/h.h", "/usr/include/x.h"),
    (0, 4, 8, 12, 16, 20, 24),
    ((0, 10), (0, 11), (1, 3), (2, 99), (0, 12), (0, 10), (None, 0)),
)
FUNCTIONS = (NatmodFunction("one", 0, 16), NatmodFunction("two", 16, 8))


def image(folder: Path | None = FOLDER) -> CodeImage:
    return CodeImage("m", bytes(28), FUNCTIONS, (), LINES, (), folder)


def blocks(*rows: tuple[int, ...]) -> np.ndarray:
    return np.array([(0, *row) for row in rows], BLOCK)


def test_lines_of_blocks() -> None:
    # Offset, size, branch; how often it ran, was taken, was not. The second begins in the middle of the first.
    ran = coverage_of(image(), blocks((0, 8, 6, 5, 3, 2), (4, 4, 6, 2, 0, 2), (16, 2, 0, 7, 0, 0)))
    source, header = ran[FOLDER / "m.c"], ran[Path("/project/natmods/shared/h.h")]
    assert source.lines == {10: 5, 11: 7, 12: 7}
    assert header.lines == {3: 0}
    assert source.functions == {"one": (10, 5), "two": (12, 7)}
    assert source.branches == {11: [(3, 4)]}
    assert len(ran) == 2
    assert coverage_of(image(folder=None), blocks((0, 8, 0, 5, 0, 0))) == {}


def test_a_line_in_two_places_ran_as_often_as_the_most() -> None:
    ran = coverage_of(image(), blocks((20, 4, 0, 9, 0, 0), (0, 4, 0, 1, 0, 0)))
    assert ran[FOLDER / "m.c"].lines[10] == 9


def test_what_ran_is_added_up_through_json() -> None:
    one = {Path("a.c"): FileCoverage({1: 2, 2: 0}, {"f": (1, 2)}, {1: [(1, 1)]})}
    other = {
        Path("a.c"): FileCoverage({2: 3, 5: 0}, {"f": (1, 1), "g": (5, 0)}, {1: [(0, 4), (2, 0)], 2: [(0, 0)]}),
        Path("b.c"): FileCoverage({7: 1}),
    }
    total: dict[Path, FileCoverage] = {}
    for each in (one, other):
        merge(total, from_json(json.loads(json.dumps(as_json(each)))))
    added = FileCoverage({1: 2, 2: 3, 5: 0}, {"f": (1, 3), "g": (5, 0)}, {1: [(1, 5), (2, 0)], 2: [(0, 0)]})
    assert total == {Path("a.c"): added, Path("b.c"): FileCoverage({7: 1})}
    assert one[Path("a.c")].lines == {1: 2, 2: 0}


def test_a_tracefile() -> None:
    file = FileCoverage({3: 2, 1: 0}, {"f": (3, 2)}, {3: [(0, 2)]})
    assert tracefile({Path("/a.c"): file}) == (
        "TN:\nSF:/a.c\nFN:3,f\nFNDA:2,f\nFNF:1\nFNH:1\nBRDA:3,0,0,0\nBRDA:3,0,1,2\nBRF:2\nBRH:1\n"
        "DA:1,0\nDA:3,2\nLF:2\nLH:1\nend_of_record\n"
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ({1: 1, 2: 1}, ""),
        ({1: 0, 2: 1, 5: 0}, "1, 5"),
        ({1: 0, 2: 0, 9: 0, 10: 1, 11: 0}, "1-9, 11"),  # lines without code between 2 and 9
        ({2 * line + 1: line % 2 for line in range(40)}, ", ".join(str(4 * at + 1) for at in range(12)) + ", …"),
    ],
)
def test_lines_that_did_not_run(lines: dict[int, int], told: str) -> None:
    head, row = coverage_lines(covered_files({Path("/p/a.c"): FileCoverage(lines)}, Path("/p")))
    assert row.split()[0] == "a.c"
    assert row.endswith(told)
    assert head.startswith("file")


def test_what_ran_in_one_of_several_runs_ran() -> None:
    some = CoveredFile(file="a.c", ran=(1, 4), missed=(2, 3), branches=2, both_ways=1)
    other = CoveredFile(file="a.c", ran=(1, 2), missed=(3, 4), branches=3, both_ways=2)
    alone = CoveredFile(file="b.c", missed=(7,))
    added = CoveredFile(file="a.c", ran=(1, 2, 4), missed=(3,), branches=3, both_ways=2)
    assert together([alone, some, other]) == (added, alone)
    assert together([]) == ()
