"""What is special about the transform in integers: that no input overflows it, and refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cases.signals import generator
from cases.transforms.fft_q15 import vectors, workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException


@pytest.mark.parametrize("n", [2, 4, 64])
def test_no_input_overflows_16_bits(n: int) -> None:
    table = np.rint(32768 * vectors.twiddles(n)).astype(np.int64)
    random = generator(101, n)
    for _ in range(200):
        x = random.choice(np.array([-32768, -27145, -13573, 13572, 27144, 32767]), 2 * n)
        got, shifts = vectors.in_integers(x, table)
        assert np.abs(got).max() <= 32767
        exact = np.fft.fft(x.astype(np.float64).view(np.complex128)).view(np.float64)
        # A part of each sum is off by its own rounding and by those of the two numbers that were shifted.
        error = np.abs(got.ravel() * 2.0 ** shifts.sum() - exact).max()
        assert error <= 3 * n * 4


def test_expected_noise_is_that_of_many_signals() -> None:
    # Neither above what is expected by more than is allowed, nor far below it: the limit is worth something.
    n = 256
    table = np.clip(np.rint(32768 * vectors.twiddles(n)), -32768, 32767).astype(np.int64)
    margins = []
    for key in range(100):
        x = np.clip(np.rint(generator(102, key).normal(0, 8192, 2 * n)), -32768, 32767)
        got, shifts = vectors.in_integers(x, table)
        exact = np.fft.fft(x.view(np.complex128)).view(np.float64)
        off = got.ravel() * 2.0 ** shifts.sum() - exact
        margins.append(10 * np.log10((exact**2).sum() / (off**2).sum()) - workload.least_snr(x, shifts))
    assert min(margins) > 0
    assert np.median(margins) < 3.5


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.FftQ15.folder() / "natmod")
    src, table, out = np.zeros(16, np.int16), np.zeros(8, np.int16), np.zeros(17, np.int16)
    module.transform(src, table, out)
    for wrong in ((src[:-1], table, out), (src, table, out[:-1]), (src, table[:4], out)):
        with pytest.raises(GuestException, match="ValueError: src, table and out do not fit each other"):
            module.transform(*wrong)
    for length in (0, 1, 3, 6):
        with pytest.raises(GuestException, match="ValueError: table must have a power of two of numbers"):
            module.transform(src, np.zeros(length, np.int16), out)
    with pytest.raises(GuestException, match="TypeError: expected array"):
        module.transform(src.astype(np.float32), table, out)
