"""Windows of three-axis acceleration, made up: somebody rests, walks, runs, or climbs stairs.

128 samples at 50 Hz, in 1/1000 g, as int16 of shape (windows, 128, 3). No recording stands behind them:
gravity in a direction that differs by window, a step's frequency with its second harmonic on all axes, with
another strength and frequency for each activity and each window, and noise. What they are to show is what a
pipeline takes, not how well people's activities are told apart.
"""

from __future__ import annotations

import numpy as np

from cases.signals import Array, generator

RATE, LENGTH = 50, 128
#: Of each activity: steps per second, and strength in g, from and to; how much of it is vertical.
ACTIVITIES = {
    "rest": ((0.2, 0.6), (0.0, 0.02), 0.5),
    "walk": ((1.5, 2.1), (0.15, 0.4), 0.7),
    "run": ((2.4, 3.2), (0.6, 1.4), 0.8),
    "stairs": ((1.1, 1.7), (0.2, 0.5), 0.9),
}


def windows(key: int, each: int) -> tuple[Array, Array]:
    """Return ``each`` windows of each activity, (n, 128, 3), and the activities' numbers, (n,), both mixed."""
    random = generator(95, key)
    made = [window(random, *how) for how in ACTIVITIES.values() for _ in range(each)]
    numbers = np.repeat(np.arange(len(ACTIVITIES)), each)
    order = random.permutation(len(made))
    return np.stack(made)[order], numbers[order].astype(np.int32)


def window(
    random: np.random.Generator, frequencies: tuple[float, float], strengths: tuple[float, float], upright: float
) -> Array:
    """Return one window."""
    gravity = np.array([0.0, 0.0, 1.0]) + 0.25 * random.standard_normal(3)
    gravity /= np.linalg.norm(gravity)
    along = upright * gravity + (1 - upright) * random.standard_normal(3)
    angle = 2 * np.pi * random.uniform(*frequencies) * np.arange(LENGTH) / RATE + 2 * np.pi * random.random()
    steps = random.uniform(*strengths) * (np.sin(angle) + random.uniform(0.2, 0.6) * np.sin(2 * angle + 1))
    motion = gravity + steps[:, None] * along + 0.03 * random.standard_normal((LENGTH, 3))
    return np.clip(np.rint(1000 * motion), -8000, 8000).astype(np.int16)
