"""Arrays that do not fit each other."""

from __future__ import annotations

import numpy as np
import pytest

from cases.filters.decimate import workload
from mpy_harness.board.board import Board
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.errors import GuestException

OVERLAPPING = """
import array
def decimate_in_place(module, begin):
    x = array.array("f", range(9))
    module.decimate(x, array.array("f", range(2)), memoryview(x)[begin : begin + 4])
"""


@pytest.mark.parametrize(("name", "dtype"), [("decimate", np.float32), ("decimate_q15", np.int16)])
def test_refuses_arrays_that_do_not_fit(name: str, dtype: type[np.generic], natmod: ModuleLoader) -> None:
    call = getattr(natmod(workload.Decimate.folder() / "natmod"), name)
    src, taps, out = (np.zeros(n).astype(dtype) for n in (13, 6, 4))
    call(src, taps, out)
    call(src, taps, out[:1])  # one sample of eight
    for wrong in (
        (src[:-1], taps, out),
        (src, taps[:0], out),
        (src, taps, out[:0]),
        (src, taps, out[:3]),
        (src[:5], taps, out),
    ):
        with pytest.raises(GuestException, match="ValueError: src must be the past and a multiple of out"):
            call(*wrong)
    for at in range(3):
        other = [src, taps, out]
        other[at] = other[at].astype(np.int32)
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            call(*other)


def test_refuses_an_output_that_is_in_the_input(natmod: ModuleLoader, board: Board) -> None:
    module = natmod(workload.Decimate.folder() / "natmod")
    board.exec(OVERLAPPING)
    for begin in (0, 5):
        with pytest.raises(GuestException, match="ValueError: out overlaps src"):
            board.call("decimate_in_place", module, begin)


def test_one_sample_of_any_number(natmod: ModuleLoader, guarded: Guarded) -> None:
    module = natmod(workload.Decimate.folder() / "natmod")
    x, taps = np.arange(30, dtype=np.int16), np.array([0x4000, 0x2000], np.int16)
    for down in (1, 2, 5, 29):
        outputs = 29 // down
        src = x[: outputs * down + 1]
        expected = ((src[1:].astype(int) * 2 + src[:-1]) * 0x2000 + 0x4000) >> 15
        got = guarded.call(module, "decimate_q15", src, taps, ..., out=("h", outputs))
        np.testing.assert_array_equal(got, expected[::down][:outputs])
