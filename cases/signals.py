"""Test signals that every module is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

SEED = 20260101

Array = NDArray[Any]
Made = dict[str, dict[str, Array]]  # arrays by name, of each set of vectors

SUBNORMAL_STEP = 2.0**-149  # the smallest float32 above zero


def generator(*key: int) -> np.random.Generator:
    """Return random numbers that depend on the key alone, not on what was made before."""
    return np.random.default_rng([SEED, *key])


def noise(n: int, key: int, amplitude: float = 0.25) -> Array:
    """Return white Gaussian noise."""
    return (amplitude * generator(key).standard_normal(n)).astype(np.float32)


def sweep(n: int, rate: float) -> Array:
    """Return a sine from a thousandth of the sampling rate to just below half of it."""
    t = np.arange(n) / rate
    return (0.5 * signal.chirp(t, rate / 1000, t[-1], 0.494 * rate, method="logarithmic")).astype(np.float32)


def subnormals(n: int, key: int, bits: int = 22) -> Array:
    """Return random subnormal numbers of either sign, below 2**bits steps."""
    steps = generator(key).integers(-(2**bits), 2**bits, n)
    return (steps * SUBNORMAL_STEP).astype(np.float32)


def square(n: int, period: int = 36) -> Array:
    """Return a square wave between full scale and minus full scale."""
    return np.where(np.arange(n) % period < period // 2, 1.0, -1.0).astype(np.float32)


def float_signals(rate: float) -> dict[str, Array]:
    """Return the signals for filters of float32 samples, by name.

    ``loud`` is noise as far above full scale as float32 goes without overflow in between.
    """
    impulse = np.zeros(1024, np.float32)
    impulse[0] = 1.0
    return {
        "noise": noise(2048, 1),
        "sweep": sweep(2048, rate),
        "impulse": impulse,
        "step": np.full(2048, 0.5, np.float32),
        "silence": np.zeros(256, np.float32),
        "subnormal": subnormals(512, 2),
        "full_scale": square(1024),
        "loud": noise(512, 3, amplitude=1e36),
    }


def q15_signals(rate: float) -> dict[str, Array]:
    """Return the same kinds of signals in Q15; there are no subnormal integers and nothing is louder."""
    floats = float_signals(rate)
    made = {
        name: np.clip(np.rint(floats[name].astype(np.float64) * 32768), -32768, 32767).astype(np.int16)
        for name in ("noise", "sweep", "impulse", "step", "silence", "full_scale")
    }
    made["smallest"] = generator(4).integers(-2, 3, 512).astype(np.int16)
    return made
