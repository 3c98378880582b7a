"""Mel scales and filter banks, by the formulas of the HTK Book and of librosa.

``htk`` is 2595 * log10(1 + f / 700) (The HTK Book, version 3.4, section 5.4) with triangles that reach 1; librosa has
it as ``librosa.filters.mel(htk=True, norm=None)``. ``slaney`` is what librosa does unless it is told otherwise
(``librosa.filters.mel(htk=False, norm="slaney")``): the scale of M. Slaney's Auditory Toolbox (Technical Report
1998-010, Interval Research), linear up to 1 kHz, three mel to 200 Hz, and logarithmic above it, 27 mel to a factor of
6.4; a triangle's area over frequencies in Hz is 1.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from cases.signals import Array

Scale = Literal["htk", "slaney"]
_KNEE, _MEL_PER_HZ, _MEL_PER_NEPER = 1000.0, 3 / 200, 27 / np.log(6.4)


def mel(scale: Scale, hz: Array | float) -> Array:
    """Return frequencies in Hz, 0 and above, in mel."""
    hz = np.asarray(hz, float)
    if scale == "htk":
        return np.asarray(2595 * np.log10(1 + hz / 700))
    return np.asarray(_MEL_PER_HZ * np.minimum(hz, _KNEE) + _MEL_PER_NEPER * np.log(np.maximum(hz, _KNEE) / _KNEE))


def hertz(scale: Scale, mels: Array) -> Array:
    """Return frequencies in mel in Hz."""
    if scale == "htk":
        return np.asarray(700 * (10 ** (mels / 2595) - 1))
    knee = _MEL_PER_HZ * _KNEE
    return np.asarray(np.minimum(mels, knee) / _MEL_PER_HZ * np.exp(np.maximum(mels - knee, 0) / _MEL_PER_NEPER))


def frequencies(scale: Scale, count: int, highest: float) -> Array:
    """Return so many frequencies in Hz from 0 to the highest, of the same distance in mel."""
    return hertz(scale, np.linspace(0, mel(scale, highest), count))


def filter_bank(scale: Scale, rate: float, n: int, bands: int) -> Array:
    """Return the triangles' weights, (bands, n / 2 + 1), of the bins of a transform of n samples at a rate in Hz."""
    corners = frequencies(scale, bands + 2, rate / 2)
    bins = np.fft.rfftfreq(n, 1 / rate)
    low, middle, high = (corners[at : at + bands, None] for at in range(3))
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * (2 / (high - low)) if scale == "slaney" else triangles)
