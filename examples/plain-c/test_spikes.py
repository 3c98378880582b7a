"""A C function without MicroPython: compiled for a Cortex-M33, run, counted, sized."""

from __future__ import annotations

import numpy as np

SAMPLES, WIDTH, LIMIT = 200, 5, 500


def expected() -> tuple[int, np.ndarray]:
    at = np.arange(SAMPLES)
    samples = (at % 50 * 10 + np.where(at % 37 == 5, 3000, 0)).astype(np.int16)
    found = 0
    for i in range(WIDTH // 2, SAMPLES - WIDTH // 2):
        middle = np.median(samples[i - WIDTH // 2 : i + WIDTH // 2 + 1])
        if abs(samples[i] - middle) > LIMIT:
            samples[i] = middle
            found += 1
    return found, samples


def test_spikes_are_mended(program) -> None:
    spikes = program("main.c", "spikes.c", cflags=["-O2"])
    found, *samples = map(int, spikes.run().output.split())
    number, mended = expected()
    assert found == number == 6
    assert samples == mended.tolist()
    assert spikes.own["ram"] <= 2 * SAMPLES + 8
