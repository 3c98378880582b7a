"""Vibration of a machine, made up: 512 samples at 8192 Hz of its housing, int16.

No recording stands behind it. A shaft turns 32 times a second, with its second harmonic, in noise. A bearing whose
outer ring is worn gives a blow 112 times a second, with 1 % of slip, and each rings at 2400 Hz for about a
millisecond (the usual model: R. B. Randall and J. Antoni, Rolling element bearing diagnostics: a tutorial, Mechanical
Systems and Signal Processing 25, 2011). A rotor out of balance only turns with more force.
"""

from __future__ import annotations

import numpy as np

from cases.signals import Array, generator

RATE, N = 8192, 512
SHAFT, BLOWS, RINGING, DECAY = 32.0, 112.0, 2400.0, 1000.0  # Hz, Hz, Hz, 1/s
#: Of each state: how strongly the shaft shakes, and how hard a blow is, from and to, in steps of the sensor.
STATES = {
    "healthy": ((800, 1600), (0, 0)),
    "worn": ((800, 1600), (1500, 3000)),
    "unbalanced": ((5000, 7000), (0, 0)),
}


def windows(state: str, key: int, count: int) -> Array:
    """Return ``count`` windows of a state, (count, N)."""
    random = generator(120, key)
    return np.stack([window(random, *STATES[state]) for _ in range(count)])


def window(random: np.random.Generator, shaking: tuple[int, int], blows: tuple[int, int]) -> Array:
    """Return one window."""
    t = np.arange(N) / RATE
    angle = 2 * np.pi * SHAFT * t + 2 * np.pi * random.random()
    shaft = random.uniform(*shaking) * (np.sin(angle) + 0.4 * np.sin(2 * angle + 1))
    x = shaft + random.uniform(250, 350) * random.standard_normal(N)
    begin = np.arange(-3, N / RATE * BLOWS + 1) + random.random()
    for at in (begin + 0.01 * random.standard_normal(begin.size)) / BLOWS:
        after = np.maximum(t - at, 0)
        x += (t >= at) * random.uniform(*blows) * np.exp(-DECAY * after) * np.sin(2 * np.pi * RINGING * after)
    return np.clip(np.rint(x), -32768, 32767).astype(np.int16)
