"""A-weighting as IEC 61672-1 defines it, and what a meter of class 2 may be off.

The weighting is that of its annex E, from the poles of ``cases/filters/iir``. The limits are those of the edition of
2013, table 3; the edition of 2002 has them in its table 2, wider by the uncertainty of measurement (0.4 to 0.6 dB), as
GOST 17187-2010 prints it.
"""

from __future__ import annotations

import numpy as np

from cases.filters.iir.vectors import A_WEIGHTING_POLES
from cases.signals import Array

INFINITE = np.inf
#: By nominal frequency in Hz: how many dB a meter of class 2 may be above and below the design goal.
CLASS_2 = {
    10: (5, INFINITE), 12.5: (5, INFINITE), 16: (5, INFINITE), 20: (3, 3), 25: (3, 3), 31.5: (3, 3),
    40: (2, 2), 50: (2, 2), 63: (2, 2), 80: (2, 2), 100: (1.5, 1.5), 125: (1.5, 1.5), 160: (1.5, 1.5),
    200: (1.5, 1.5), 250: (1.5, 1.5), 315: (1.5, 1.5), 400: (1.5, 1.5), 500: (1.5, 1.5), 630: (1.5, 1.5),
    800: (1.5, 1.5), 1000: (1, 1), 1250: (1.5, 1.5), 1600: (2, 2), 2000: (2, 2), 2500: (2.5, 2.5),
    3150: (2.5, 2.5), 4000: (3, 3), 5000: (3.5, 3.5), 6300: (4.5, 4.5), 8000: (5, 5),
}  # fmt: skip


def frequencies() -> Array:
    """Return the exact frequencies in Hz of the nominal ones: powers of 10**0.1, 1 kHz is the 30th."""
    return np.asarray(1000 * 10 ** (0.1 * (np.arange(10, 10 + len(CLASS_2)) - 30)))


def weighting_db(f: Array) -> Array:
    """Return the design goal in dB at frequencies in Hz, 0 at 1 kHz."""

    def gain(f: Array) -> Array:
        s = 2j * np.pi * f
        poles = 2 * np.pi * np.array(A_WEIGHTING_POLES)
        return np.asarray(np.abs(s**4 / np.prod(s[:, None] + poles, axis=1)))

    return np.asarray(20 * np.log10(gain(f) / gain(np.array([1000.0]))))


def shares_of_class_2(gain_db: Array) -> Array:
    """Return how much of its limit each deviation of a gain in dB takes: 1 is just right, more is too much."""
    off = gain_db - weighting_db(frequencies())
    above, below = np.array(list(CLASS_2.values()), np.float64).T
    return np.asarray(np.where(off > 0, off / above, -off / below))
