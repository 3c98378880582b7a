"""What the limits find, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import signal

from cases.features.welch import vectors, workload
from cases.signals import Array
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException

#: Mistakes that are easily made, as what they make of the samples.
MISTAKES: dict[str, Callable[[Array], Array]] = {
    "symmetric_window": lambda x: spectrum(x, window=np.hanning(vectors.N)),
    "hamming": lambda x: spectrum(x, window=signal.get_window("hamming", vectors.N)),
    "last_segment_dropped": lambda x: spectrum(x[: -vectors.HOP]),
    "one_sample_late": lambda x: spectrum(np.roll(x, 1)),
    "one_bin_off": lambda x: np.roll(spectrum(x), 1),
    "mean_kept": lambda x: spectrum(x, detrend=False),
    "ends_doubled": lambda x: spectrum(x) * np.r_[2, np.ones(vectors.N // 2 - 1), 2],
}


def spectrum(x: Array, window: Any = "hann", *, detrend: Any = "constant") -> Array:
    return np.asarray(signal.welch(x, vectors.RATE, window, vectors.N, vectors.HOP, detrend=detrend)[1])


def share_of_limit(name: str, got: Array) -> float:
    of_signal = workload.Welch.vectors(name)
    window = of_signal["window"].astype(np.float64)
    factor = 1 / (vectors.RATE * workload.segments() * (window**2).sum())
    off = workload.SHARE * workload.bound(of_signal, factor)
    return float(np.abs((got - of_signal["ref"]) / off).max())


@pytest.mark.parametrize("name", ["noise", "tone"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_limit_finds_mistakes(name: str, mistake: str) -> None:
    x = workload.Welch.vectors(name)["in"].astype(np.float64)
    assert share_of_limit(name, MISTAKES[mistake](x)) > 100
    assert share_of_limit(name, spectrum(x).astype(np.float32)) < 1


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.Welch.folder() / "natmod")
    samples, window, out = np.zeros(20, np.int16), np.zeros(8, np.float32), np.zeros(10, np.float32)
    module.windowed(samples, 12, window, out)
    wrong: list[tuple[Any, ...]] = [
        ("windowed", samples, 13, window, out),
        ("windowed", samples, -1, window, out),
        ("windowed", samples, 2**30, window, out),
        ("windowed", samples, 0, window, out[:-1]),
        ("windowed", samples, 0, window[:0], out[:2]),
        ("add_power", out, window[:4]),
        ("scale", window[:1], window[:1]),
        ("scale", window, window[:2]),
    ]
    for name, *arguments in wrong:
        with pytest.raises(GuestException, match="ValueError: arrays do not fit each other"):
            getattr(module, name)(*arguments)
    wrong = [("windowed", window, 0, window, out), ("add_power", samples, window)]
    for name, *arguments in wrong:
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            getattr(module, name)(*arguments)
