"""Transforms of float32 signals, and what scipy.fft makes of them in float64."""

from __future__ import annotations

import numpy as np
from scipy import fft

from cases.signals import SEED, Array, Made, generator, noise, square, subnormals, sweep

__all__ = ["SEED", "make"]


def make() -> Made:
    """Return the arrays of every length."""
    return {f"n{n}": transformed(n) for n in (2, 4, 8, 256, 1024)}


def transformed(n: int) -> dict[str, Array]:
    """Return for each signal ``_complex_in``, ``_complex_ref``, ``_real_in`` and ``_real_ref``.

    Complex numbers are interleaved, real part first. Inputs are float32, references float64. The short
    lengths, which are there for their edges, come with noise alone.
    """
    arrays: dict[str, Array] = {}
    for name, (real, imaginary) in signals(n).items():
        z = real + 1j * imaginary.astype(np.float64)
        arrays[f"{name}_complex_in"] = np.stack([real, imaginary], axis=1).ravel()
        arrays[f"{name}_complex_ref"] = fft.fft(z).view(np.float64)
        arrays[f"{name}_real_in"] = real
        arrays[f"{name}_real_ref"] = fft.rfft(real.astype(np.float64)).view(np.float64)
    return arrays


def signals(n: int) -> dict[str, tuple[Array, Array]]:
    """Return real and imaginary parts by name."""
    made = {"noise": (noise(n, 10), noise(n, 11))}
    if n != 256:
        return made
    zeros = np.zeros(n, np.float32)
    impulse = zeros.copy()
    impulse[5] = 1.0
    tone = np.exp(2j * np.pi * (17 * np.arange(n) / n + generator(12).random()))
    loud = noise(n, 13, amplitude=1e35)  # spectra up to 1e37, squares would overflow
    return made | {
        "sweep": (sweep(n, 16000.0), sweep(n, 16000.0)[::-1]),
        "impulse": (impulse, zeros),
        "step": (np.full(n, 0.5, np.float32), zeros),
        "silence": (zeros, zeros),
        "subnormal": (subnormals(n, 14, bits=10), subnormals(n, 15, bits=10)),
        "full_scale": (square(n), -square(n)),
        "loud": (loud, -loud[::-1]),
        "tone": (tone.real.astype(np.float32), tone.imag.astype(np.float32)),
    }
