"""Mel scales against librosa's published numbers, arrays that do not fit each other, filter banks that are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cases.transforms.melspec import mel, workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException

# librosa.org/doc: the example of mel_frequencies(n_mels=40), which go up to 11025 Hz.
FREQUENCIES = """
0 85.317 170.635 255.952 341.269 426.586 511.904 597.221 682.538 767.855 853.173 938.49 1024.856 1119.114 1222.042
1334.436 1457.167 1591.187 1737.532 1897.337 2071.84 2262.393 2470.47 2697.686 2945.799 3216.731 3512.582 3835.643
4188.417 4573.636 4994.285 5453.621 5955.205 6502.92 7101.009 7754.107 8467.272 9246.028 10096.408 11025
"""
# What librosa.filters.mel(sr=22050, n_fft=2048) begins with, by the example of docs.rs/mel_filter, a translation of it.
FIRST_BAND = [0, 0.016182853208219942, 0.032365706416439884, 0.028990088037379964, 0.012807234829160026, 0]
SECOND_BAND = [
    0, 0, 0, 0.009779235793639925, 0.025962089001859864, 0.035393705451959974, 0.01921085224374004,
    0.003027999035520103, 0,
]  # fmt: skip


def test_the_scale_is_that_of_librosa() -> None:
    expected = [float(word) for word in FREQUENCIES.split()]
    np.testing.assert_allclose(mel.frequencies("slaney", 40, 11025), expected, rtol=0, atol=0.0005001)
    # The examples of hz_to_mel and mel_to_hz.
    np.testing.assert_allclose(mel.mel("slaney", np.array([60.0, 110.0, 440.0])), np.array([0.9, 1.65, 6.6]))
    np.testing.assert_allclose(mel.hertz("slaney", np.array([3.0])), [200])


def test_the_filter_bank_is_that_of_librosa() -> None:
    bank = mel.filter_bank("slaney", 22050, 2048, 128)
    np.testing.assert_allclose(bank[0, :6], FIRST_BAND, rtol=1e-12)
    np.testing.assert_allclose(bank[1, :9], SECOND_BAND, rtol=1e-12)


@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_scales_go_there_and_back(scale: mel.Scale) -> None:
    hz = np.linspace(0, 12000, 1000)
    np.testing.assert_allclose(mel.hertz(scale, mel.mel(scale, hz)), hz, atol=1e-9)


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
