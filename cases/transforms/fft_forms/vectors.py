"""Noise of 64 to 1024 complex numbers, and what scipy.fft makes of it in float64."""

from __future__ import annotations

import numpy as np
from scipy import fft

from cases.signals import SEED, Made, noise

__all__ = ["SEED", "make"]

SIZES = (64, 128, 256, 512, 1024)


def make() -> Made:
    """Return of each length ``in``, float32, and ``ref``, both (2*n,): real and imaginary parts in turn."""
    made: Made = {}
    for n in SIZES:
        x = noise(2 * n, 103)
        made[f"n{n}"] = {"in": x, "ref": fft.fft(x.astype(np.float64).view(np.complex128)).view(np.float64)}
    return made
