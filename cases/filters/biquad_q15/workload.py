"""Biquads on 16-bit samples: direct form I with the rounding error fed back, and removal of the mean.

``voice`` is 100 Hz to 3.4 kHz at 16 kHz (Butterworth, a high-pass of 2nd and a low-pass of 4th order, three sections)
of noise around a tenth of full scale, in blocks; ``loud`` the same of a square wave at full scale, which saturates.
Coefficients are in Q14, samples in Q15, sums in 32 bits. ``dc`` takes the mean away, by a first-order high-pass at
20 Hz whose state has 7 more bits than the samples.

All forms give the same integers, to the bit those of Python's own. They are held against SciPy in float64 as well, with
the same rounded coefficients: to 3 dB less than what white rounding errors of a step's twelfth, shaped by the feedback
and the sections behind, would leave (see ``rounding_power``). Rounding to nearest without the feedback is 29 dB worse
than they are, and rounding down 49 dB, because the high-pass amplifies the mean of its rounding errors 655 times.

- ``python``, ``@native``: integers of any size; what exceeds 31 bits is an object
- ``viper``: integers of 32 bits, which wrap, and pointers
- ``native``: a native module, in ``natmod/``
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy import signal

from cases.allocated import allocations
from cases.signals import Array, noise, square
from mpy_harness.workloads import Case, Check, Guest, Workload

RATE, SAMPLES, BLOCKS = 16000, 384, [200, 1, 0, 55, 128]
ONE = 1 << 14
SHIFT = 7
# Below what white rounding errors leave: these are few samples, and errors are not quite white.
MARGIN = 3.0


def sections() -> Array:
    """Return the sections in Q14, shape (3, 6); the last two have their gain shared out, so that each fits."""
    high = signal.butter(2, 100, "highpass", fs=RATE, output="sos")
    low = signal.butter(4, 3400, fs=RATE, output="sos")
    low[0, :3] *= 2
    low[1, :3] /= 2
    return np.asarray(np.rint(np.vstack([high, low]) * ONE).astype(np.int16))


def samples(name: str) -> Array:
    """Return a signal in Q15."""
    x = square(SAMPLES) if name == "loud" else noise(SAMPLES, 92) + 0.1
    return np.clip(np.rint(32768 * x), -32768, 32767).astype(np.int16)


class BiquadQ15(Workload):
    """Filters of 16-bit samples in every form."""

    decorated = ("run_section", "run_dc")
    words_of_32 = ("viper",)

    def cases(self) -> Iterator[Case]:
        """Return the filter, saturation, and removal of the mean."""
        yield Case("voice", partial(self.filtered, "voice"))
        yield Case("loud", partial(self.filtered, "loud"))
        yield Case("dc", self.without_mean)

    def filtered(self, name: str, guest: Guest) -> Iterator[Check]:
        """Filter through the sections."""
        x, sos = samples(name), sections()
        filt = guest.load().new(sos.ravel())
        y = guest.guarded.run(filt, "run", x, BLOCKS)
        yield Check(y, cascade(sos, x), "exact", 0, given=x)
        if name == "voice":
            reference = signal.sosfilt(sos / ONE, x.astype(np.float64))
            yield Check(y, reference, "snr", limit(reference, rounding_power(sos)), name="snr", given=x)
        allocations(guest, filt, "run", x, x)

    def without_mean(self, guest: Guest) -> Iterator[Check]:
        """Take the mean away."""
        x = samples("dc")
        filt = guest.load().new_dc(SHIFT)
        y = guest.guarded.run(filt, "run", x, BLOCKS)
        yield Check(y, high_pass(x), "exact", 0, given=x)
        pole = 1 - 2.0**-SHIFT
        reference = signal.lfilter([1, -1], [1, -pole], x.astype(np.float64))
        # The shift's errors, a twelfth of a step, through the same high-pass: 2 / (1 + pole) times their power.
        yield Check(y, reference, "snr", limit(reference, 1 / 6 / (1 + pole)), name="snr", given=x)
        allocations(guest, filt, "run", x, x)


def limit(reference: Array, power: float) -> float:
    """Return the least SNR in dB, where errors are to have that power, in steps squared."""
    return float(10 * np.log10(np.mean(reference**2) / power) - MARGIN)


def rounding_power(sos: Array) -> float:
    """Return the power of the error that rounding leaves, in steps squared.

    The error of each section is white and uniform over a step, so a twelfth of its square. Fed back, it comes as its
    difference (1 - 1/z), goes through the section's poles, and through the sections that follow.
    """
    impulse, power = np.r_[1.0, np.zeros(4095)], 0.0
    for k, section in enumerate(sos / ONE):
        response = signal.lfilter([1, -1], section[3:], impulse)
        if k + 1 < len(sos):
            response = signal.sosfilt(sos[k + 1 :] / ONE, response)
        power += float(np.sum(response**2)) / 12
    return power


def saturated(value: int) -> int:
    """Return the nearest of 16 bits."""
    return max(-32768, min(32767, value))


def cascade(sos: Array, x: Array) -> Array:
    """Filter in integers of any size. Raise OverflowError where a sum would not fit into 32 bits."""
    y: list[int] = x.tolist()
    for b0, b1, b2, _, a1, a2 in sos.tolist():
        x1 = x2 = y1 = y2 = 0
        cut = ONE // 2
        for i, v in enumerate(y):
            total = b0 * v + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2 + cut
            if not -(2**31) <= total < 2**31:
                raise OverflowError(f"the sum at {i} is {total}")
            cut = total % ONE
            x1, x2, y1, y2 = v, x1, saturated(total // ONE), y1
            y[i] = y1
    return np.array(y, np.int16)


def high_pass(x: Array) -> Array:
    """Take the mean away in integers of any size."""
    mean, y = 2 ** (SHIFT - 1), []
    for v in x.tolist():
        y.append(v - mean // 2**SHIFT)
        mean += y[-1]
    return np.array([saturated(v) for v in y], np.int16)
