"""Features of a block of sensor values: what a classifier of motion or sound is fed with.

256 integers of 12 bits: noise on a tone. Integer features are exact; the power at one frequency (Goertzel's algorithm)
is within what float32 makes of the recurrence.

- ``python``, ``@native``: bytecode, and decorated
- ``viper``: pointers and integers of 32 bits, where there are no floats
- ``native``: a native module, in ``natmod/``
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.allocated import allocations
from cases.signals import generator
from mpy_harness.workloads import Case, Check, Guest, Workload

VALUES, BIN = 256, 20
Array = NDArray[Any]


def average(x: Array) -> Array:
    """Return the mean of the last 16 values, rounded down, with zeros before the first."""
    return np.convolve(x, np.ones(16, np.int64))[: x.size] >> 4


def median(x: Array) -> Array:
    """Return the median of five, the ends as they are."""
    inner = np.median(np.lib.stride_tricks.sliding_window_view(x, 5), axis=1)
    return np.r_[x[:2], inner.astype(np.int64), x[-2:]]


#: The type of each feature, and what it is in integers of 64 bits.
EXACT: dict[str, tuple[str, Callable[[Array], Any]]] = {
    "mean_square": ("i", lambda x: [int((x**2).sum()) // x.size]),
    "crossings": ("i", lambda x: [int(np.count_nonzero(np.diff(x < 0)))]),
    "moving_average": ("h", average),
    "median5": ("h", median),
}
# The recurrence's rounding grows with the number of steps and with 1/sin of the bin's angle (20/256 of a turn).
GOERTZEL_LIMIT = 2 * VALUES * 2.0**-24 / np.sin(2 * np.pi * BIN / VALUES)


class Statistics(Workload):
    """Features in every form."""

    decorated = (*EXACT, "goertzel")

    def cases(self) -> Iterator[Case]:
        """Return the features."""
        for name in EXACT:
            yield Case(name, partial(self.exact, name))
        yield Case("goertzel", self.goertzel, forms=["python", "@native", "native"])

    def exact(self, name: str, guest: Guest) -> Iterator[Check]:
        """Compute an integer feature."""
        x = samples()
        code, function = EXACT[name]
        reference = np.array(function(x.astype(np.int64)), np.int32 if code == "i" else np.int16)
        module = guest.load()
        got = guest.guarded.call(module, name, x, ..., out=(code, reference.size))
        yield Check(got, reference, "exact", 0, per=VALUES)
        allocations(guest, module, name, x, reference)

    def goertzel(self, guest: Guest) -> Iterator[Check]:
        """Compute the power at one frequency."""
        x = samples()
        reference = np.abs(np.fft.rfft(x.astype(np.float64))[BIN]) ** 2
        module = guest.load()
        more = [np.array([2 * np.cos(2 * np.pi * BIN / VALUES)], np.float32)] if guest.form.name == "native" else []
        got = guest.guarded.call(module, "goertzel", x, ..., *more, out=("f", 1))
        yield Check(got / reference, np.ones(1), "max_abs", GOERTZEL_LIMIT, per=VALUES)
        allocations(guest, module, "goertzel", x, np.zeros(1, np.float32), *more)


def samples() -> NDArray[np.int16]:
    """Return a tone with noise, as integers of 12 bits with a sign."""
    tone = 900 * np.sin(2 * np.pi * BIN * np.arange(VALUES) / VALUES)
    return np.clip(np.rint(tone + 300 * generator(54).standard_normal(VALUES)), -2048, 2047).astype(np.int16)
