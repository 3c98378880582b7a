"""Level of sound in dB with the time weightings fast and slow, and that of each hop (its RMS).

A tone of 1 kHz for 200 ms and silence for 100 ms, int16 at 8 kHz; levels every 12.5 ms, relative to full scale. The
weightings are those of IEC 61672-1: exponential averages of the square, with time constants of 125 ms and 1 s. The
reference is scipy.signal.lfilter on the squares in float64.

Limits are what float32 can be off: in each step an average is rounded by 2**-24 of itself, and forgets that with its
time constant, so it is off by 2**-24 / weight at most, 0.0021 dB for slow; the mean square by a rounding for each
sample; a level by some roundings of itself. A time constant that is off by a hundredth shows as
0.04 dB in either. And the greatest levels are those that the standard tells for a burst of this
length, 10 lg(1 - exp(-T / tau)) below that of the steady tone, to 0.02 dB: 0.98 dB fast, 7.42 dB slow.

- ``python``, ``@native``: bytecode, and decorated
- ``native``: a native module, in ``natmod/``, with a logarithm of its own
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import signal

from cases.allocated import allocations
from cases.signals import Array
from mpy_harness.workloads import Case, Check, Guest, Workload

RATE, HOP = 8000, 100
BURST, SAMPLES = 1600, 2400
TAUS = {"fast": 0.125, "slow": 1.0}
AMPLITUDE = 0.5
#: What a level relative to full scale is above one of steps of int16.
OFFSET = -20 * np.log10(32768)
UNIT = 2.0**-24
WEIGHTS = [-np.expm1(-1 / (RATE * tau)) for tau in TAUS.values()]


class Level(Workload):
    """Levels in every form."""

    decorated = ("weigh",)

    def cases(self) -> Iterator[Case]:
        """Return one case."""
        yield Case("burst", self.burst)

    def burst(self, guest: Guest) -> Iterator[Check]:
        """Measure a burst, in two calls of which the second goes on with the averages of the first."""
        x = samples()
        meter = guest.load().new(np.array([*WEIGHTS, OFFSET], np.float32), HOP)
        halves = [
            guest.guarded.call(meter, "run", half, ..., out=("f", 3 * half.size // HOP)) for half in np.split(x, 2)
        ]
        got = np.concatenate(halves).reshape(-1, 3)
        for i, name in enumerate(TAUS):
            reference = levels(signal.lfilter(WEIGHTS[i : i + 1], [1, WEIGHTS[i] - 1], squares(x))[HOP - 1 :: HOP])
            yield Check(got[:, i], reference, "max_abs", limit(1 / WEIGHTS[i]), name=name, per=SAMPLES, given=x)
        mean = levels(squares(x).reshape(-1, HOP).mean(axis=1))
        yield Check(got[:, 2], mean, "max_abs", limit(HOP), name="rms", per=SAMPLES, given=x)
        steady = 20 * np.log10(AMPLITUDE) - 10 * np.log10(2)
        told = [steady + 10 * np.log10(-np.expm1(-BURST / RATE / tau)) for tau in TAUS.values()]
        yield Check(got[:, :2].max(axis=0), np.array(told), "max_abs", 0.02, name="standard", per=SAMPLES)
        allocations(guest, meter, "run", x, np.zeros(3 * SAMPLES // HOP, np.float32))


def samples() -> Array:
    """Return the burst and silence, in int16."""
    tone = AMPLITUDE * np.sin(2 * np.pi * 1000 / RATE * np.arange(SAMPLES))
    tone[BURST:] = 0
    return np.rint(32768 * tone).astype(np.int16)


def squares(x: Array) -> Array:
    """Return the squares in float64, which is exact."""
    return x.astype(np.float64) ** 2


def levels(square: Array) -> Array:
    """Return levels in dB relative to full scale; less than a thousandth of a step squared is that."""
    return np.asarray(10 * np.log10(np.maximum(square, 1e-3)) + OFFSET)


def limit(steps: float) -> float:
    """Return how many dB a level may be off whose square was rounded in so many steps, and a few times more."""
    return float(10 * np.log10(1 + (steps + 4) * UNIT) + 4 * UNIT * abs(OFFSET))
