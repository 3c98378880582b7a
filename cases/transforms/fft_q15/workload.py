"""A transform in integers of 16 bits, 64 to 1024 complex points, as a block with one exponent.

Radix 2, decimation in time. Before each stage all numbers are shifted down by as many bits as its sums need, so
nothing wraps or saturates, and a quiet signal keeps its bits. Every form gives the same integers, those of the
same steps on the host (``vectors.py``), and these are as near to scipy.fft in float64 as rounding lets them be.

- ``python``, ``@native``: small integers, no object for any of them
- ``viper``: pointers
- ``native``: C, ``natmod/``

The same transform in float32 is ``fft_forms``.

What rounding lets them be follows the usual model (P. D. Welch, A Fixed-Point Fast Fourier Transform Error
Analysis, IEEE Trans. Audio Electroacoustics 17, 1969; A. V. Oppenheim and C. J. Weinstein, Effects of Finite
Register Length in Digital Filtering and the Fast Fourier Transform, Proc. IEEE 60, 1972): each rounding is noise
of its own, a stage doubles its energy as it doubles the signal's, a shift divides both. In steps of the result,

- a rounded sum has the variance 1/12 in each part, except where the twiddle factor is 1 or -j and nothing is
  rounded; that of a rounded twiddle factor is 2**-30/12;
- a shift by one bit, halves up, gives an error of 0 or 1/2: mean 1/4, variance 1/16; one by two bits of 0, 1/4, 1/2
  or -1/4: mean 1/8, variance 5/64. Means are alike in all numbers and add up as amplitudes, not as energies.

The energy of n complex numbers of such noise deviates from its mean by a share of 1/sqrt(n); the limit is four of these
below what is expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cases.allocated import allocations
from cases.signals import Array
from mpy_harness.workloads import Case, Check, Guest, Workload

SIZES = (64, 128, 256, 512, 1024)
#: By how many bits: mean and variance of the error, in steps of what is left.
SHIFTED = {0: (0.0, 0.0), 1: (1 / 4, 1 / 16), 2: (1 / 8, 5 / 64)}


class FftQ15(Workload):
    """The transform in every form."""

    decorated = ("reorder", "headroom", "stage")

    def cases(self) -> Iterator[Case]:
        """Return noise in all lengths, and of 256 numbers what is special."""
        for n in SIZES:
            yield Case(f"noise_{n}", partial(self.transformed, n, "noise"))
        for name in ("quiet", "tone", "full_scale", "impulse", "silence"):
            yield Case(f"{name}_256", partial(self.transformed, 256, name), forms=["viper", "native"])

    def transformed(self, n: int, name: str, guest: Guest) -> Iterator[Check]:
        """Transform a signal."""
        vectors = self.vectors(f"n{n}")
        x, table, module = vectors[f"{name}_in"], vectors["table"], guest.load()
        got = guest.guarded.call(module, "transform", x, table, ..., out=("h", 2 * n + 1))
        yield Check(got, vectors[f"{name}_q15"], "exact", 0, per=n, given=x)
        if x.any():
            numbers = got[:-1] * 2.0 ** got[-1]
            yield Check(numbers, vectors[f"{name}_ref"], "snr", least_snr(x, vectors[f"{name}_shifts"]), per=n)
        if name == "noise":
            allocations(guest, module, "transform", x, table, np.zeros(2 * n + 1, np.int16))


def least_snr(x: Array, shifts: Array) -> float:
    """Return the least signal-to-noise ratio, in dB, of the transform of n complex numbers: see above."""
    n = x.size // 2
    signal, noise, mean = float((x.astype(np.float64) ** 2).sum()), 0.0, 0.0
    for stage, by in enumerate(shifts.tolist()):
        half = 1 << stage
        shifted_mean, variance = SHIFTED[by]
        signal /= 4**by
        noise = noise / 4**by + 2 * n * variance
        mean = mean / 2**by + shifted_mean * np.sqrt(2 * n)
        rounded = (half - min(half, 2)) / half  # the share of twiddle factors that are neither 1 nor -j
        noise = 2 * noise + rounded * (2 * n / 12 + signal * 2.0**-30 / 6)
        mean *= np.sqrt(2)
        signal *= 2
    return float(10 * np.log10(signal / (noise + mean**2) / (1 + 4 / np.sqrt(n))))
