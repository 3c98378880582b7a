"""Welch's estimate of a power spectrum against scipy.signal.welch: segments of 128 samples that overlap by half.

512 samples of 16 bits at 8 kHz are seven segments; each loses its mean, gets a Hann window, is transformed, and the
squares of all spectra are added up. Density, one side, as SciPy's defaults are.

The bound of the errors in the 2-norm is far above them: of it, 0.3 to 0.5 % were seen on m33 (an SNR of about 140 dB).
So results are held to a fiftieth of the bound, which is 4 parts in a million of the density of noise and at most 2 in
10,000 of what is weakest beside the tone; ``test_welch.py`` has mistakes that it finds.

- ``python``: bytecode, with the twin of natmods/fft; ``@native``: its own steps decorated
- ``native``: the steps in C (``natmod/``) with natmods/fft, put together by the same few lines of Python
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cases.allocated import allocations
from cases.signals import Array
from cases.transforms.fft.workload import relative_bound
from mpy_harness.golden import Vectors
from mpy_harness.workloads import Case, Check, Guest, Workload

RATE, N, HOP, SAMPLES = 8000, 128, 64, 512
UNIT = 2.0**-24
#: How much of the bound a result may be off.
SHARE = 0.02


class Welch(Workload):
    """The spectrum in every form."""

    decorated = ("windowed", "add_power", "scale")

    def cases(self) -> Iterator[Case]:
        """Return noise, and a tone far from zero."""
        for name in ("noise", "tone"):
            yield Case(name, partial(self.estimated, name))

    def estimated(self, name: str, guest: Guest) -> Iterator[Check]:
        """Estimate the spectrum: each frequency in units of what it may be off."""
        vectors = self.vectors(name)
        x, window = vectors["in"], vectors["window"]
        steps = guest.load()
        plan = guest.natmod("fft", form="native" if guest.form.name == "native" else "python").new(N)
        guest.board.files.put(self.folder() / "spectrum.py", "/spectrum.py")
        factor = np.array([1 / (RATE * segments() * (window.astype(np.float64) ** 2).sum())], np.float32)
        spectrum = guest.board.import_module("spectrum", "/spectrum.py").Welch(steps, plan, window, factor, HOP)
        got = guest.guarded.call(spectrum, "run", x, ..., out=("f", N // 2 + 1))
        off = SHARE * bound(vectors, float(factor[0]))
        yield Check(got / off, vectors["ref"] / off, "max_abs", 1, per=SAMPLES, given=x)
        allocations(guest, spectrum, "run", x, np.zeros(N // 2 + 1, np.float32))


def segments() -> int:
    """Return how many segments there are."""
    return (SAMPLES - N) // HOP + 1


def bound(vectors: Vectors, factor: float) -> Array:
    """Return how far each frequency may be off in float32, (N/2 + 1,).

    The error of a segment's spectrum is bounded in the 2-norm, so no number of it is off by more than that share
    of the whole spectrum's length. A square and a sum of two round three times, each addition once, window, scale
    and product once each.
    """
    cut = np.lib.stride_tricks.sliding_window_view(vectors["in"].astype(np.float64), N)[::HOP]
    windowed = (cut - cut.mean(axis=1, keepdims=True)) * vectors["window"]
    size = np.abs(np.fft.rfft(windowed))
    # Besides the transform: the difference from the mean, the window, and the product.
    off = (relative_bound(N, "real") + 3 * UNIT) * np.sqrt(N * (windowed**2).sum(axis=1, keepdims=True))
    wrong = (2 * size * off + off**2).sum(axis=0) + (3 + len(cut) + 3) * UNIT * (size**2).sum(axis=0)
    sides = np.r_[1.0, np.full(N // 2 - 1, 2.0), 1.0]
    return np.asarray(sides * factor * wrong)
