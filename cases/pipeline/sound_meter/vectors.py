"""Sound at 16 kHz, and its A-weighted levels by scipy.signal in float64."""

from __future__ import annotations

import numpy as np
from scipy import signal

from cases.filters.iir import vectors as iir
from cases.signals import SEED, Array, Made, generator

__all__ = ["SEED", "make"]

RATE, CHUNK, CHUNKS = 16000, 2000, 8
#: The level in dB of a mean square of 1, and of the tone that a calibrator gives at 1 kHz.
FULL_SCALE, CALIBRATED = 120.0, 94.0
TIMES = (0.125, 1.0)


def make() -> Made:
    """Return the filter; of each signal ``in`` (int16) and ``levels`` (chunks, 2); and the steps of one chunk."""
    sos = iir.a_weighting_spread(RATE)
    coefficients = sos.astype(np.float32).ravel()
    made: Made = {"filter": {"sos": coefficients}}
    for name, x in signals().items():
        pcm = np.rint(32768 * x).astype(np.int16)
        made[name] = {"in": pcm, "levels": levels(sos, pcm)}
    samples = (made["pink"]["in"][:CHUNK] / 32768).astype(np.float32)
    made["steps"] = {
        "samples": samples,
        "weighted": signal.sosfilt(sos, samples.astype(np.float64)),
        "weighted_f32": iir.in_float32(coefficients, samples),
    }
    return made


def signals() -> dict[str, Array]:
    """Return a second of each, within -1 and 1: a calibrator's tone, pink noise, a sweep, and a tone that ends."""
    n = CHUNK * CHUNKS
    t = np.arange(n) / RATE
    tone = np.sqrt(2) * 10 ** ((CALIBRATED - FULL_SCALE) / 20) * np.sin(2 * np.pi * 1000 * t)
    spectrum = np.fft.rfft(generator(140).standard_normal(n))
    spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
    spectrum[0] = 0
    pink = np.fft.irfft(spectrum, n)
    return {
        "tone": tone,
        "pink": 0.1 * pink / np.sqrt((pink**2).mean()),
        "sweep": 0.5 * signal.chirp(t, 20, t[-1], 7000, method="logarithmic"),
        "ended": tone * (t < 0.5),
    }


def levels(sos: Array, pcm: Array) -> Array:
    """Return the levels in dB after each chunk, (chunks, 2): fast and slow."""
    weighted = signal.sosfilt(sos, pcm / 32768.0)
    squares = (weighted.reshape(-1, CHUNK) ** 2).mean(axis=1)
    kept = np.exp(-CHUNK / RATE / np.array(TIMES))
    averaged = [signal.lfilter([1 - k], [1, -k], squares) for k in kept]
    return np.asarray(FULL_SCALE + 10 * np.log10(np.maximum(np.stack(averaged, axis=1), 1e-12)))
