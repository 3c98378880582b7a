"""Cross-correlation of a signal with a pattern, and the lag at which it is greatest.

A pattern of 64 samples of noise, in a signal of 192 that has it 37 samples late, in noise of the same power: 129 lags
of 64 products, against numpy.correlate. Integers have 12 bits, so that sums fit into 31, and are exact; those in
float32 are within the rounding errors of 64 products and sums. The lag is that of the delay, and its sum NumPy's
greatest.

- ``python``, ``@native``: the sums in bytecode, and decorated
- ``viper``: integers and pointers
- ``native``: a native module, in ``natmod/``

Instructions are those of a product.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cases.allocated import allocations
from cases.signals import Array, generator
from mpy_harness.workloads import Case, Check, Guest, Workload

PATTERN, SAMPLES, DELAY = 64, 192, 37
LAGS = SAMPLES - PATTERN + 1
PRODUCTS = LAGS * PATTERN
UNIT = 2.0**-24


class Correlation(Workload):
    """The sums in every form."""

    decorated = ("correlate", "correlate_f32", "lag")
    words_of_32 = ("viper",)

    def cases(self) -> Iterator[Case]:
        """Return all sums of integers, those of floats, and the lag of the greatest."""
        yield Case("correlate", self.integers)
        yield Case("correlate_f32", self.floats, forms=["python", "@native", "native"])
        yield Case("lag", self.greatest)

    def integers(self, guest: Guest) -> Iterator[Check]:
        """Correlate int16."""
        x, pattern = signals()
        module = guest.load()
        got = guest.guarded.call(module, "correlate", x, pattern, ..., out=("i", LAGS))
        yield Check(got, correlated(x, pattern), "exact", 0, per=PRODUCTS, given=x)
        allocations(guest, module, "correlate", x, pattern, np.zeros(LAGS, np.int32))

    def floats(self, guest: Guest) -> Iterator[Check]:
        """Correlate float32."""
        x, pattern = ((each / 2048).astype(np.float32) for each in signals())
        module = guest.load()
        got = guest.guarded.call(module, "correlate_f32", x, pattern, ..., out=("f", LAGS))
        reference = np.correlate(x.astype(np.float64), pattern.astype(np.float64), "valid")
        magnitudes = np.correlate(np.abs(x).astype(np.float64), np.abs(pattern).astype(np.float64), "valid")
        # A sum of n products is off by (n + 1) units of the sum of their magnitudes at most.
        limit = float((PATTERN + 1) * UNIT * magnitudes.max())
        yield Check(got, reference, "max_abs", limit, per=PRODUCTS, given=x)
        allocations(guest, module, "correlate_f32", x, pattern, np.zeros(LAGS, np.float32))

    def greatest(self, guest: Guest) -> Iterator[Check]:
        """Find the lag."""
        x, pattern = signals()
        module = guest.load()
        got = guest.guarded.call(module, "lag", x, pattern, ..., out=("i", 2))
        wanted = np.array([DELAY, correlated(x, pattern).max()], np.int32)
        yield Check(got, wanted, "exact", 0, per=PRODUCTS, given=x)
        allocations(guest, module, "lag", x, pattern, np.zeros(2, np.int32))


def correlated(x: Array, pattern: Array) -> Array:
    """Return NumPy's in 64 bits; it raises no error for what 32 bits would not hold, so that is looked at."""
    sums = np.correlate(x.astype(np.int64), pattern.astype(np.int64), "valid")
    if np.abs(sums).max() >= 2**30:
        raise OverflowError("a sum does not fit into a small int")
    return sums.astype(np.int32)


def signals() -> tuple[Array, Array]:
    """Return the signal and the pattern in it, of 12 bits."""
    pattern = 500 * generator(93).standard_normal(PATTERN)
    x = 500 * generator(94).standard_normal(SAMPLES)
    x[DELAY : DELAY + PATTERN] += pattern
    return twelve_bits(x), twelve_bits(pattern)


def twelve_bits(x: Array) -> Array:
    """Return the nearest integers of 12 bits."""
    return np.clip(np.rint(x), -2048, 2047).astype(np.int16)
