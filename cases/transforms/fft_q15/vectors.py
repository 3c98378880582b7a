"""Signals of 16 bits, their transforms by scipy.fft in float64, and the same steps in integers as all forms take."""

from __future__ import annotations

import numpy as np
from scipy import fft

from cases.signals import SEED, Array, Made, generator, square

__all__ = ["SEED", "make"]

SIZES = (64, 128, 256, 512, 1024)


def make() -> Made:
    """Return the arrays of every length; only 256 has other signals than noise."""
    return {f"n{n}": transformed(n) for n in SIZES}


def transformed(n: int) -> dict[str, Array]:
    """Return the ``table`` of twiddle factors and, for each signal, four arrays.

    ``_in`` are n complex numbers, real part first, ``_ref`` their transform, ``_q15`` the transform in integers with
    the exponent behind it, (2*n + 1,), ``_shifts`` the bits that each stage was shifted by.
    """
    table = np.clip(np.rint(32768 * twiddles(n)), -32768, 32767).astype(np.int16)
    arrays: dict[str, Array] = {"table": table.ravel()}
    for name, x in signals(n).items():
        spectrum, shifts = in_integers(x, table.astype(np.int64))
        arrays[f"{name}_in"] = x
        arrays[f"{name}_ref"] = fft.fft(x.astype(np.float64).view(np.complex128)).view(np.float64)
        arrays[f"{name}_q15"] = np.r_[spectrum.ravel(), shifts.sum()].astype(np.int16)
        arrays[f"{name}_shifts"] = shifts
    return arrays


def twiddles(n: int) -> Array:
    """Return minus cosine and minus sine of each twiddle factor, (n/2, 2): -1 can be written in Q15, 1 can not."""
    angles = 2 * np.pi * np.arange(n // 2) / n
    return np.stack([-np.cos(angles), -np.sin(angles)], axis=1)


def signals(n: int) -> dict[str, Array]:
    """Return int16 of shape (2*n,) by name."""
    random = generator(100, n)
    made = {"noise": random.normal(0, 8192, 2 * n)}
    if n == 256:
        tone = 32767 * np.exp(2j * np.pi * (17.25 * np.arange(n) / n + random.random()))
        made |= {
            "quiet": random.normal(0, 8, 2 * n),
            "tone": tone.view(np.float64),
            "full_scale": 32768 * square(2 * n).astype(np.float64),
            "impulse": 32767.0 * (np.arange(2 * n) == 10),
            "silence": np.zeros(2 * n),
        }
    return {name: np.clip(np.rint(x), -32768, 32767).astype(np.int16) for name, x in made.items()}


def in_integers(x: Array, table: Array) -> tuple[Array, Array]:
    """Return the transform of ``x``, (n, 2), as the forms compute it, and each stage's shift, (log2(n),)."""
    n = x.size // 2
    bits = n.bit_length() - 1
    order = [int(f"{i:0{bits}b}"[::-1], 2) for i in range(n)]
    z = x.reshape(n, 2)[order].astype(np.int64)
    shifts = np.zeros(bits, np.int32)
    for at in range(bits):
        half = 1 << at
        most = int(np.abs(z).max())
        shifts[at] = by = 0 if most <= 13572 else 1 if most <= 27144 else 2
        pairs = ((z + ((1 << by) >> 1)) >> by).reshape(-1, 2, half, 2)
        a, re, im = pairs[:, 0] * 32768 + 0x4000, pairs[:, 1, :, 0], pairs[:, 1, :, 1]
        c, s = table[:: n // 2 // half].T
        turned = np.stack([-(c * re + s * im), s * re - c * im], axis=-1)
        z = (np.stack([a + turned, a - turned], axis=1) >> 15).reshape(n, 2)
    return z, shifts
