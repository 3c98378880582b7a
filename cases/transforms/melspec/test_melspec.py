"""Arrays that do not fit each other, and filter banks that are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cases.transforms.melspec import workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException


@pytest.fixture
def steps(natmod: Callable[..., GuestObject]) -> GuestObject:
    """The steps in C."""
    return natmod(workload.Melspec.folder() / "natmod")


def floats(n: int) -> np.ndarray:
    """Return ones."""
    return np.ones(n, np.float32)


def test_refuses_arrays_that_do_not_fit(steps: GuestObject) -> None:
    samples = np.zeros(4, np.int16)
    steps.windowed(samples, floats(4), floats(6))
    steps.dct(floats(3), floats(6), floats(2))
    for name, *wrong in (
        ("windowed", samples, floats(3), floats(6)),
        ("windowed", samples, floats(4), floats(4)),
        ("dct", floats(3), floats(5), floats(2)),
        ("dct", floats(0), floats(0), floats(2)),
    ):
        with pytest.raises(GuestException, match="ValueError: arrays do not fit each other"):
            getattr(steps, name)(*wrong)
    for name, *wrong in (("windowed", floats(4), floats(4), floats(6)), ("dct", samples, floats(8), floats(2))):
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            getattr(steps, name)(*wrong)


@pytest.mark.parametrize(
    "bins",
    [
        [0, 3],  # fewer than two numbers a band
        [0, 3, 2, 4],  # more weights than there are
        [0, 3, 3, 3],  # beyond the spectrum
        [-1, 3, 2, 3],
        [0, -1, 2, 3],
    ],
)
def test_refuses_filter_banks_that_do_not_fit(steps: GuestObject, bins: list[int]) -> None:
    spectrum, weights, least, out = floats(10), floats(6), floats(1), floats(2)
    steps.log_mel(spectrum, np.array([0, 3, 2, 3], np.int16), weights, least, out)
    with pytest.raises(GuestException, match="ValueError: arrays do not fit each other"):
        steps.log_mel(spectrum, np.array(bins, np.int16), weights, least, out)


@pytest.mark.parametrize("least", [0.0, -1.0, 1e-38, np.nan])
def test_refuses_a_least_power_without_a_logarithm(steps: GuestObject, least: float) -> None:
    bins = np.array([0, 1], np.int16)
    with pytest.raises(GuestException, match="ValueError: arrays do not fit each other"):
        steps.log_mel(floats(4), bins, floats(1), np.array([least], np.float32), floats(1))
