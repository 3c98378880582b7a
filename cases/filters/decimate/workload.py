"""One sample of four: a low-pass of 32 taps that computes what is kept, against scipy.signal.upfirdn.

16 kHz to 4 kHz, say: 8 products for each sample that comes in, where a filter that is thinned out afterwards takes 32.
512 samples make 128.

- ``python``, ``@native``: the sums in bytecode, and decorated
- ``viper``: in Q15
- ``asm``: float32, for the FPU
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

DOWN, TAPS, SAMPLES = 4, 32, 512
OUTPUTS = SAMPLES // DOWN
FILTER = signal.firwin(TAPS, 0.9 / DOWN, window=("kaiser", 5.0))
#: What rounding a product or a sum to float32 changes, in units of its magnitude.
UNIT = 2.0**-24


class Decimate(Workload):
    """The rate divided in every form."""

    decorated = ("decimate", "decimate_q15")
    words_of_32 = ("viper",)
    archs = {"asm": ("armv7emsp",)}  # noqa: RUF012 - the base says that it is the class's

    def cases(self) -> Iterator[Case]:
        """Return noise, a sweep most of which has to go, and noise in Q15."""
        for name in ("noise", "sweep"):
            yield Case(name, partial(self.floats, name), forms=["python", "@native", "asm", "native"])
        yield Case("noise_q15", self.integers, forms=["python", "@native", "viper", "native"])

    def floats(self, name: str, guest: Guest) -> Iterator[Check]:
        """Decimate float32."""
        x = noise(SAMPLES, 96) if name == "noise" else sweep(SAMPLES, 16000.0)
        taps, module = FILTER.astype(np.float32), guest.load()
        got = guest.guarded.call(module, "decimate", with_past(x), taps, ..., out=("f", OUTPUTS))
        # Of a sum of 32 products: their roundings and those of the additions.
        limit = float(((TAPS + 1) * UNIT * decimated(np.abs(x), np.abs(taps))).max())
        yield Check(got, decimated(x, taps), "max_abs", limit, per=SAMPLES, given=x)
        allocations(guest, module, "decimate", with_past(x), taps, np.zeros(OUTPUTS, np.float32))

    def integers(self, guest: Guest) -> Iterator[Check]:
        """Decimate Q15: the exact sums, each rounded once."""
        x, taps = (np.rint(32768 * each).astype(np.int16) for each in (noise(SAMPLES, 97), FILTER))
        module = guest.load()
        got = guest.guarded.call(module, "decimate_q15", with_past(x), taps, ..., out=("h", OUTPUTS))
        reference = np.clip((decimated(x, taps).astype(np.int64) + 0x4000) >> 15, -32768, 32767).astype(np.int16)
        yield Check(got, reference, "exact", 0, per=SAMPLES, given=x)
        allocations(guest, module, "decimate_q15", with_past(x), taps, np.zeros(OUTPUTS, np.int16))


def decimated(x: Array, taps: Array) -> Array:
    """Return SciPy's in float64, which is exact of integers, without the end that needs samples to come."""
    return np.asarray(signal.upfirdn(taps.astype(np.float64), x.astype(np.float64), 1, DOWN)[:OUTPUTS])


def with_past(x: Array) -> Array:
    """Return the samples behind the zeros that were before them."""
    return np.r_[np.zeros(TAPS - 1, x.dtype), x]
