"""Two samples for three: a polyphase filter against scipy.signal.upfirdn with the same taps.

32 taps of a low-pass (Kaiser window) at twice the rate, two phases of 16, of which each output takes one: 8
products for each sample that comes in, not 21 as a filter at the doubled rate would take. 384 samples make
256.

- ``python``, ``@native``: the sums in bytecode, and decorated
- ``viper``: in Q15
- ``native``: C, ``natmod/``
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy import signal

from cases.allocated import allocations
from cases.signals import Array, noise, sweep
from mpy_harness.workloads import Case, Check, Guest, Workload

UP, DOWN, TAPS, SAMPLES = 2, 3, 32, 384
PHASE, OUTPUTS = TAPS // UP, SAMPLES * UP // DOWN
# A low-pass at half of the lower rate, which is a third of that at the doubled rate; of twice the gain,
# because every second sample there is a zero.
FILTER = UP * signal.firwin(TAPS, 0.9 / DOWN, window=("kaiser", 5.0))
# Of a sum of 16 products: their roundings and those of the additions, in units of the sum of their
# magnitudes.
UNIT = 2.0**-24


class Resample(Workload):
    """The rate changed in every form."""

    decorated = ("resample", "resample_q15")

    def cases(self) -> Iterator[Case]:
        """Return noise, a sweep whose upper third has to go, and noise in Q15."""
        for name in ("noise", "sweep"):
            yield Case(name, partial(self.floats, name), forms=["python", "@native", "native"])
        yield Case("noise_q15", self.integers, forms=["python", "@native", "viper", "native"])

    def floats(self, name: str, guest: Guest) -> Iterator[Check]:
        """Resample float32."""
        x = noise(SAMPLES, 90) if name == "noise" else sweep(SAMPLES, 36000.0)
        taps, module = FILTER.astype(np.float32), guest.load()
        got = guest.guarded.call(module, "resample", with_past(x), phases(taps), ..., out=("f", OUTPUTS))
        magnitudes = resampled(np.abs(x), np.abs(taps))
        limit = float(((PHASE + 1) * UNIT * magnitudes).max())
        yield Check(got, resampled(x, taps), "max_abs", limit, per=SAMPLES, given=x)
        allocations(guest, module, "resample", with_past(x), phases(taps), np.zeros(OUTPUTS, np.float32))

    def integers(self, guest: Guest) -> Iterator[Check]:
        """Resample Q15: the exact sums, each rounded once."""
        x, taps = (np.rint(32768 * each).astype(np.int16) for each in (noise(SAMPLES, 91), FILTER))
        module = guest.load()
        got = guest.guarded.call(module, "resample_q15", with_past(x), phases(taps), ..., out=("h", OUTPUTS))
        reference = np.clip((resampled(x, taps).astype(np.int64) + 0x4000) >> 15, -32768, 32767).astype(np.int16)
        yield Check(got, reference, "exact", 0, per=SAMPLES, given=x)
        allocations(guest, module, "resample_q15", with_past(x), phases(taps), np.zeros(OUTPUTS, np.int16))


def resampled(x: Array, taps: Array) -> Array:
    """Return SciPy's in float64, which is exact of integers, without the end that needs samples to come."""
    return np.asarray(signal.upfirdn(taps.astype(np.float64), x.astype(np.float64), UP, DOWN)[:OUTPUTS])


def phases(taps: Array) -> Array:
    """Return the taps of the even places, then those of the odd ones."""
    return np.concatenate([taps[phase::UP] for phase in range(UP)])


def with_past(x: Array) -> Array:
    """Return the samples behind the zeros that were before them."""
    return np.r_[np.zeros(PHASE - 1, x.dtype), x]
