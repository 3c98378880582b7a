"""Sections and buffers that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from cases.filters.biquad_q15 import workload
from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.errors import GuestException

SECTION = np.array([1, 0, 0, workload.ONE, 0, 0], np.int16)
OVERLAPPING = """
import array
def run_overlapping(filt, begin):
    x = array.array("h", range(9))
    filt.run(memoryview(x)[:5], memoryview(x)[begin : begin + 5])
"""


def test_refuses_what_is_no_filter(natmod: ModuleLoader) -> None:
    module = natmod(workload.BiquadQ15.folder() / "natmod")
    for wrong in (SECTION[:0], SECTION[:5], np.r_[SECTION, SECTION[:1]]):
        with pytest.raises(GuestException, match="ValueError: sections must hold 6 numbers each"):
            module.new(wrong)
    with pytest.raises(GuestException, match="ValueError: a0 of every section must be 16384"):
        module.new(np.r_[SECTION, SECTION[[0, 1, 2, 0, 4, 5]]])
    with pytest.raises(GuestException, match=r"TypeError: expected array\('h'\)"):
        module.new(SECTION.astype(np.float32))
    for shift in (0, 16, -1):
        with pytest.raises(GuestException, match="ValueError: shift must be 1 to 15"):
            module.new_dc(shift)


def test_refuses_buffers_that_do_not_fit(natmod: ModuleLoader, board: Board) -> None:
    module = natmod(workload.BiquadQ15.folder() / "natmod")
    board.exec(OVERLAPPING)
    for filt in (module.new(SECTION), module.new_dc(7)):
        with pytest.raises(GuestException, match="ValueError: out must be as long as src"):
            filt.run(np.zeros(4, np.int16), np.zeros(5, np.int16))
        for src, out in ((np.int32, np.int16), (np.int16, np.uint16)):
            with pytest.raises(GuestException, match=r"TypeError: expected array\('h'\)"):
                filt.run(np.zeros(4, src), np.zeros(4, out))
        with pytest.raises(GuestException, match="ValueError: out overlaps src"):
            board.call("run_overlapping", filt, 2)
        board.call("run_overlapping", filt, 0)  # in place
