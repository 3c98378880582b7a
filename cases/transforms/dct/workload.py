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
# In how many deviations of its rounding errors Lee's recursion has to be: see lee_deviation().
DEVIATIONS = 6
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
        limit = LIMIT if guest.form.name != "lee" else DEVIATIONS * float(lee_deviation(x).max()) / scale
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


def lee_deviation(x: Array) -> Array:
    """Return a deviation of the errors of Lee's recursion, (N,), for samples: what it takes for independent errors.

    Its factors reach 10, so the sum of all errors that are possible is some thousand times what one sees. Here each
    rounding is an error of its own, of mean 0 and not above a unit of its result, and the recursion carries it on to
    the coefficients. Then a coefficient is off by more than six times the root of the sum of their squares once in 30
    million times (N. J. Higham and T. Mary, A New Approach to Probabilistic Rounding Error Analysis, SIAM J. Sci.
    Comput. 41, 2019, theorem 2.4).
    """
    errors = 0

    def rounded(value: Array, times: int = 1) -> Array:
        # A value is its number, and behind it how much of each error is in it.
        nonlocal errors
        value = value.copy()
        value[errors + 1 : errors + 1 + times] = value[0]
        errors += times
        return value

    def transform(values: Array) -> Array:
        n = len(values)
        if n == 1:
            return values
        half, out = n // 2, np.zeros_like(values)
        angles = np.pi * (2 * np.arange(half) + 1) / (2 * n)
        apart = [rounded(each) for each in values[:half] - values[: half - 1 : -1]]
        # Two numbers of the table are rounded, and so are a product and a division.
        apart = [rounded(each / (2 * np.cos(angle)), 4) for each, angle in zip(apart, angles, strict=True)]
        out[::2] = transform(np.stack([rounded(each) for each in values[:half] + values[: half - 1 : -1]]))
        odd = transform(np.stack(apart))
        for k in range(half - 1):
            odd[k] = rounded(odd[k] + odd[k + 1])
        out[1::2] = odd
        return out

    numbers = np.zeros((len(x), 1 + 8 * len(x) * int(np.log2(len(x)))))
    numbers[:, 0] = x
    scaled = [rounded(each * np.sqrt((1 if k == 0 else 2) / N), 2) for k, each in enumerate(transform(numbers))]
    return np.asarray(2.0**-24 * np.linalg.norm(np.stack(scaled)[:, 1:], axis=1))
