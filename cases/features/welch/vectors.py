"""Samples of 16 bits, and their power spectrum by scipy.signal.welch in float64."""

from __future__ import annotations

import numpy as np
from scipy import signal

from cases.signals import SEED, Array, Made, generator

__all__ = ["SEED", "make"]

RATE, N, HOP, SAMPLES = 8000, 128, 64, 512


def make() -> Made:
    """Return by signal ``in``, int16, and ``ref``, the density of N/2 + 1 frequencies in units squared per hertz."""
    window = signal.get_window("hann", N)
    return {
        name: {
            "in": x,
            "window": window.astype(np.float32),
            "ref": signal.welch(x.astype(np.float64), RATE, "hann", N, HOP, detrend="constant")[1],
        }
        for name, x in signals().items()
    }


def signals() -> dict[str, Array]:
    """Return noise, and a tone in weak noise far from zero, as a sensor has it whose rest is not at 0."""
    t = np.arange(SAMPLES) / RATE
    noise = generator(110).standard_normal(SAMPLES)
    tone = 12000 + 3000 * np.sin(2 * np.pi * 1012.5 * t) + 30 * generator(111).standard_normal(SAMPLES)
    return {name: np.rint(x).astype(np.int16) for name, x in (("noise", 4000 * noise), ("tone", tone))}
