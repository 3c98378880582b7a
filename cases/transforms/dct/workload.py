"""The orthonormal DCT-II of 32 samples, as what compresses sound and pictures uses it, against scipy.fft.dct.

In float32 and in integers of 12 bits, with a table of cosines that the host makes.

- ``python``, ``@native``: the plain sum, 32 products for each coefficient
- ``lee``: bytecode, Lee's recursion, 80 products and divisions instead of 992 products
- ``viper``: the plain sum in integers
- ``native``: the plain sum in C, ``natmod/``
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy import fft

from cases.allocated import allocations
from cases.signals import Array, generator, noise
from mpy_harness.workloads import Case, Check, Guest, Workload

N = 32
ANGLES = 2 * np.pi * np.arange(4 * N) / (4 * N)
TABLE = np.r_[np.sqrt(2 / N) * np.cos(ANGLES), np.sqrt(1 / N)]
# Of a sum of n products: their own roundings, those of n additions, that of the table; in units of the sum of
# the products' magnitudes.
LIMIT = (N + 2) * 2.0**-24
# Lee's recursion multiplies each difference by 1/(2*cos), by 10.2 at most in the longest transform: what was
# rounded before grows by the product of the greatest factors of the five lengths.
LEE_LIMIT = LIMIT * float(np.prod([1 / (2 * np.cos(np.pi * (n - 1) / (2 * n))) for n in (32, 16, 8, 4)]))
# Half a step of the result, and half a step of the table for each of 32 samples of 12 bits.
Q16_LIMIT = 0.5 + N * 2048 * 0.5 / 65536


class Dct(Workload):
    """The transform in every form."""

    decorated = ("dct", "dct_q16")

    def cases(self) -> Iterator[Case]:
        """Return noise, an impulse that shows the cosines, and integers."""
        for name in ("noise", "impulse"):
            yield Case(name, partial(self.floats, name), forms=["python", "@native", "lee", "native"])
        yield Case("integers", self.integers, forms=["python", "@native", "viper", "native"])

    def floats(self, name: str, guest: Guest) -> Iterator[Check]:
        """Transform float32."""
        x = noise(N, 70) if name == "noise" else np.eye(N, dtype=np.float32)[1]
        table, module = TABLE.astype(np.float32), guest.load()
        got = guest.guarded.call(module, "dct", x, table, ..., out=("f", N))
        scale = np.sqrt(2 / N) * np.abs(x.astype(np.float64)).sum()
        reference = fft.dct(x.astype(np.float64), norm="ortho")
        limit = LEE_LIMIT if guest.form.name == "lee" else LIMIT
        yield Check(got / scale, reference / scale, "max_abs", limit, given=x)
        allocations(guest, module, "dct", x, table, np.zeros(N, np.float32))

    def integers(self, guest: Guest) -> Iterator[Check]:
        """Transform integers: the sum to the bit, and how far that is from the transform."""
        x = generator(71).integers(-2048, 2048, N).astype(np.int16)
        table, module = np.rint(65536 * TABLE).astype(np.int16), guest.load()
        got = guest.guarded.call(module, "dct_q16", x, table, ..., out=("h", N))
        yield Check(got, in_integers(x.astype(np.int64), table.astype(np.int64)), "exact", 0, given=x)
        yield Check(got, fft.dct(x.astype(np.float64), norm="ortho"), "max_abs", Q16_LIMIT, name="dct")
        allocations(guest, module, "dct_q16", x, table, np.zeros(N, np.int16))


def in_integers(x: Array, table: Array) -> Array:
    """Return the coefficients of samples, each sum of products with the table rounded once."""
    steps = (2 * np.arange(N) + 1) * np.arange(N)[:, None] % (4 * N)
    matrix = table[steps]
    matrix[0] = table[4 * N]
    return ((matrix @ x + 0x8000) >> 16).astype(np.int16)
