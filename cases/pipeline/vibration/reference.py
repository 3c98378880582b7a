"""What the monitor computes, by scipy.signal.hilbert in float64, and how far float32 may be off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

from cases.pipeline.vibration.machine import N
from cases.signals import Array
from cases.transforms.fft.workload import relative_bound

#: The band from 1536 to 3584 Hz, around what rings, and the frequencies of blows and of their second harmonic.
LOW, BAND, BINS = 96, 128, (7, 14)
UNIT = 2.0**-24


@dataclass(frozen=True)
class Analysis:
    """The squared envelope's spectrum, (BAND/2 + 1,), and the features, (4,), each with how far it may be off."""

    spectrum: Array
    spectrum_off: float
    features: Array
    features_off: Array


def window() -> Array:
    """Return the window of the envelope."""
    return np.asarray(signal.get_window("hann", BAND))


def analysed(samples: Array) -> Analysis:
    """Analyse a window of samples.

    SciPy's analytic signal of the band, of which every fourth sample is taken: the band is a quarter as wide as the
    signal, so that is enough. Its scale is that of a transform back of the band's bins alone.

    Errors of transforms are bounded in the 2-norm, and carried on in it.
    """
    x = samples - samples.astype(np.float64).mean()
    bins = np.fft.rfft(x)
    bins[:LOW] = bins[LOW + BAND :] = 0
    analytic = signal.hilbert(np.fft.irfft(bins, N))[:: N // BAND] * (N / BAND / 2)
    envelope = np.abs(analytic) ** 2
    shown = (envelope - envelope.mean()) * window()
    spectrum = np.fft.rfft(shown)
    power = np.abs(spectrum) ** 2
    total = power[2:].sum()
    found = np.array([(x**2).mean(), envelope.mean(), *(power[at - 1 : at + 2].sum() / total for at in BINS)])
    # Of the band's analytic signal, of the squares, of the spectrum; a window and a mean are a rounding each.
    first = (relative_bound(N, "real") + 2 * UNIT) * np.sqrt(N * (x**2).sum())
    off = first / np.sqrt(BAND) + (relative_bound(BAND, "complex") + UNIT) * np.linalg.norm(analytic)
    squares_off = 2 * np.abs(analytic).max() * off + off**2 + 6 * UNIT * np.linalg.norm(envelope)
    last = np.sqrt(BAND) * squares_off + relative_bound(BAND, "real") * np.linalg.norm(spectrum)

    def relative(powers: Array) -> float:
        # Of a sum of squares, by the inequality of Cauchy and Schwarz.
        return float(2 * last / np.sqrt(powers.sum()) + last**2 / powers.sum() + 2 * BAND * UNIT)

    relatives = [
        (N + 4) * UNIT,
        np.sqrt(BAND) * squares_off / envelope.sum() + BAND * UNIT,
        *(relative(power[at - 1 : at + 2]) + relative(power[2:]) for at in BINS),
    ]
    features = np.log(found)
    return Analysis(spectrum, float(last), features, np.array(relatives) + 3 * UNIT * np.abs(features))


def score(features: Array, model: Array) -> float:
    """Return the sum of the squares of the features' distances from the model's means, in its deviations."""
    means, factors = model.reshape(2, -1).astype(np.float64)
    return float((((features - means) * factors) ** 2).sum())


def score_off(analysis: Analysis, model: Array) -> float:
    """Return how far the score may be off in float32."""
    means, factors = model.reshape(2, -1).astype(np.float64)
    distances = np.abs((analysis.features - means) * factors)
    off = factors * (analysis.features_off + 2 * UNIT * np.abs(analysis.features - means))
    return float((2 * distances * off + off**2 + 5 * UNIT * distances**2).sum())
