"""Arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cases.filters.resample import workload
from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException

OVERLAPPING = """
import array
def resample_in_place(module, begin):
    x = array.array("f", range(9))
    module.resample(x, array.array("f", range(8)), memoryview(x)[begin : begin + 4])
"""


@pytest.mark.parametrize(("name", "dtype"), [("resample", np.float32), ("resample_q15", np.int16)])
def test_refuses_arrays_that_do_not_fit(name: str, dtype: type[np.generic], natmod: Callable[..., GuestObject]) -> None:
    call = getattr(natmod(workload.Resample.folder() / "natmod"), name)
    src, taps, out = (np.zeros(n).astype(dtype) for n in (9, 8, 4))
    call(src, taps, out)
    call(src[:3], taps, out[:0])  # the past alone
    for wrong in ((src[:-1], taps, out), (src, taps[:-1], out), (src, taps[:0], out), (src, taps, out[:-1])):
        with pytest.raises(GuestException, match="ValueError: src must be the past and three samples for two"):
            call(*wrong)
    for at in range(3):
        other = [src, taps, out]
        other[at] = other[at].astype(np.int32)
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            call(*other)


def test_refuses_an_output_that_is_in_the_input(natmod: Callable[..., GuestObject], board: Board) -> None:
    module = natmod(workload.Resample.folder() / "natmod")
    board.exec(OVERLAPPING)
    for begin in (0, 4):
        with pytest.raises(GuestException, match="ValueError: out overlaps src"):
            board.call("resample_in_place", module, begin)
