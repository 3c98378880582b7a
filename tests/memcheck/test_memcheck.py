"""The checker in a test: its option, its marker, what it says, and that counts stay as they are."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.errors import MemoryMisused
from tests.memcheck.corpus import FOLDER, planted

pytestmark = pytest.mark.memcheck


@pytest.fixture
def filters(board: Board):
    return ModuleLoader(board, (FOLDER,))("filters")


def line_of(function: str) -> int:
    return next(fault.line for fault in planted() if fault.function == function)


def test_a_finding_names_the_place_and_the_block(board: Board, filters) -> None:
    with pytest.raises(MemoryMisused) as caught:
        filters.running_sum(np.arange(10, dtype=np.int32))
    board.findings.clear()
    line = line_of("running_sum")
    assert re.fullmatch(
        rf"overrun: running_sum\(\) of the native module filters, filters.c:{line}, reads 4 bytes at 0x[0-9a-f]+\n"
        "  0 bytes past the end of a block of 40 bytes\n"
        "  allocated by the interpreter",
        str(caught.value),
    )
    (finding,) = caught.value.findings
    assert (finding.kind, finding.place.function, finding.place.line) == ("overrun", "running_sum", line)


def test_a_place_is_told_once(board: Board, filters) -> None:
    data = board.hold(np.arange(10, dtype=np.int32))
    with pytest.raises(MemoryMisused):
        filters.running_sum(data)
    filters.running_sum(data)
    assert len(board.findings) == 1
    board.findings.clear()


def test_all_is_well_with_what_does_no_harm(board: Board) -> None:
    iir = ModuleLoader(board)("iir")
    filt = iir.new(np.array([0.2, 0.3, 0.2, 1, -0.5, 0.2] * 3, np.float32))
    filt.run(np.arange(100, dtype=np.float32))
    assert board.findings == []


TRIPLE = """\
#include "py/dynruntime.h"

static mp_obj_t triple(mp_obj_t first) {
    mp_obj_tuple_t *made = MP_OBJ_TO_PTR(mp_obj_new_tuple(3, NULL));
    made->items[0] = first;
    made->items[1] = first;
    made->items[2] = first;
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_1(triple_obj, triple);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_triple, MP_OBJ_FROM_PTR(&triple_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""


def test_objects_that_calls_make_at_equal_distances_are_no_overrun(board: Board, tmp_path: Path) -> None:
    folder = tmp_path / "triple"
    folder.mkdir()
    (folder / "triple.c").write_text(TRIPLE)
    (folder / "Makefile").write_text("MOD = triple\nSRC = triple.c\ninclude $(MPY_DIR)/py/dynruntime.mk\n")
    ModuleLoader(board, (tmp_path,))("triple")
    board.exec("import triple\ndef make():\n  kept = [None] * 20\n  for i in range(20): kept[i] = triple.triple(i)\n")
    board.call("make")
    assert board.findings == []


def test_any_number_of_modules(board: Board, filters, tmp_path: Path) -> None:
    file = filters.build.path
    copies = [Path(shutil.copy(file, tmp_path / f"filters{number}.mpy")) for number in range(70)]
    modules = [board.import_native(copy) for copy in copies]
    with pytest.raises(MemoryMisused, match="native module filters69"):
        modules[-1].running_sum(np.arange(10, dtype=np.int32))
    board.findings.clear()


def count_of(board: Board) -> int:
    iir = ModuleLoader(board)("iir")
    filt = iir.new(np.array([0.2, 0.3, 0.2, 1, -0.5, 0.2] * 3, np.float32))
    block = board.hold(np.arange(100, dtype=np.float32))
    board.exec("""
        def work(f, x):
            for _ in range(5):
                f.run(x)
            return [bytearray(i) for i in range(50)]
    """)
    with board.count() as count:
        board.call("work", filt, block)
    return count.instructions


def test_counts_are_the_same(board: Board, request: pytest.FixtureRequest) -> None:
    session = next(value for value in request.config.stash._storage.values() if hasattr(value, "pool"))
    unchecked = session.pool.board(board.target, number=7)
    assert count_of(unchecked) == count_of(board)
