"""That the limit of Lee's recursion is worth something, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import fft

from cases.signals import Array, noise
from cases.transforms.dct import workload
from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException


def in_float32(x: Array) -> Array:
    """Lee's recursion as bytecode_lee.py computes it, rounded to float32 after each operation."""
    table = workload.TABLE.astype(np.float32)

    def transform(values: Array, step: int) -> Array:
        n = len(values)
        if n == 1:
            return values
        half, out = n // 2, np.zeros_like(values)
        mirrored = values[: half - 1 : -1]
        apart = (values[:half] - mirrored) * table[0] / (np.float32(2) * table[(2 * np.arange(half) + 1) * step])
        out[::2] = transform(values[:half] + mirrored, 2 * step)
        odd = transform(apart, 2 * step)
        odd[:-1] += odd[1:]
        out[1::2] = odd
        return out

    sums = transform(x, 1)
    return np.r_[sums[0] * table[4 * workload.N], sums[1:] * table[0]]


def test_limit_of_lees_recursion_is_near_what_it_is_off() -> None:
    worst = 0.0
    for key in range(50):
        x = noise(workload.N, 700 + key)
        error = np.abs(in_float32(x) - fft.dct(x.astype(np.float64), norm="ortho"))
        worst = max(worst, float(error.max() / (workload.DEVIATIONS * workload.lee_deviation(x).max())))
    assert 0.1 < worst <= 1


@pytest.mark.parametrize(("name", "dtype"), [("dct", np.float32), ("dct_q16", np.int16)])
def test_refuses_arrays_that_do_not_fit(name: str, dtype: type[np.generic], natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.Dct.folder() / "natmod")
    call = getattr(module, name)
    x, table, out = (np.zeros(n).astype(dtype) for n in (8, 33, 8))
    call(x, table, out)
    for wrong in ((x[:-1], table, out), (x, table[:-1], out), (x, table, out[:-1]), (x[:0], table[:1], out[:0])):
        with pytest.raises(GuestException, match="ValueError: src, table and out do not fit each other"):
            call(*wrong)
    for at in range(3):
        other = [x, table, out]
        other[at] = other[at].astype(np.int32)
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            call(*other)


def test_refuses_an_output_that_is_the_input(natmod: Callable[..., GuestObject], board: Board) -> None:
    module = natmod(workload.Dct.folder() / "natmod")
    x = board.hold(np.zeros(8, np.float32))
    with pytest.raises(GuestException, match="ValueError: out overlaps src"):
        module.dct(x, np.zeros(33, np.float32), x)
