"""FIR filters: float32 within the rounding bound of a dot product, Q15 exact.

For float32, n products and sums in any order are within gamma = n*u / (1 - n*u), u = 2**-24, of the sum of
the products' magnitudes (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1),
and within half a subnormal step more for each product.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cases.blocks import SPLITS, block_sizes
from mpy_harness.golden import Vectors, frequency_response_db
from mpy_harness.workloads import Case, Check, Guest, Workload

FLOAT_SIGNALS = ("noise", "sweep", "impulse", "step", "silence", "subnormal", "full_scale", "loud")
Q15_SIGNALS = ("noise", "sweep", "impulse", "step", "silence", "smallest", "full_scale")
Q15_DESIGNS = ("lowpass_q15", "saturating_q15")
TAPS = 32


class Fir(Workload):
    """natmods/fir and its twin."""

    natmod = "fir"

    def cases(self) -> Iterator[Case]:
        """Return every signal through every filter, the gain, blocks, samples that are not finite, and one tap."""
        for signal in FLOAT_SIGNALS:
            yield Case(f"lowpass/{signal}", partial(self.filtered, signal))
        yield Case("lowpass/gain", self.gain)
        for design in Q15_DESIGNS:
            for signal in Q15_SIGNALS:
                yield Case(f"{design}/{signal}", partial(self.filtered_q15, design, signal))
        for design in ("lowpass", "lowpass_q15"):
            for split in SPLITS:
                yield Case(f"{design}/blocks_{split}", partial(self.blocks, design, split, in_place=False))
                yield Case(f"{design}/in_place_{split}", partial(self.blocks, design, split, in_place=True))
        for bad in (np.nan, np.inf):
            yield Case(f"lowpass/{bad}", partial(self.not_finite, bad))
        yield Case("one_tap/noise", self.one_tap)

    def filtered(self, signal: str, guest: Guest) -> Iterator[Check]:
        """Filter a float32 signal in one block."""
        vectors, has_model = self.vectors("lowpass"), guest.rounds_to_float32
        filt = guest.load().new(vectors["taps"])
        x, reference = vectors[f"{signal}_in"], vectors[f"{signal}_ref"]
        y = guest.guarded.run(filt, "run", x, [x.size])
        allowed = bound(vectors, signal)
        yield Check(y, reference, "max_abs", float(allowed.max()), given=x)
        snr = np.inf if not reference.any() else 20 * np.log10(np.linalg.norm(reference) / np.linalg.norm(allowed))
        yield Check(y, reference, "snr", float(snr), given=x)
        if has_model:
            yield Check(y, vectors[f"{signal}_f32"], "exact", 0, name="f32")

    def gain(self, guest: Guest) -> Iterator[Check]:
        """Compare the gain over frequency."""
        vectors = self.vectors("lowpass")
        x = vectors["impulse_in"]
        y = guest.guarded.run(guest.load().new(vectors["taps"]), "run", x, [x.size])
        # The response to an impulse is the taps themselves: no rounding, no error.
        yield Check(y, vectors["impulse_ref"], frequency_response_db(), 1e-9)

    def filtered_q15(self, design: str, signal: str, guest: Guest) -> Iterator[Check]:
        """Filter a Q15 signal in one block."""
        vectors = self.vectors(design)
        filt = guest.load().new(vectors["taps"])
        x = vectors[f"{signal}_in"]
        y = guest.guarded.run(filt, "run", x, [x.size])
        yield Check(y, vectors[f"{signal}_q15"], "exact", 0)
        yield Check(y, vectors[f"{signal}_ref"], "lsb", 0.5)
        if design == "saturating_q15" and signal == "full_scale":
            assert {-32768, 32767} <= set(y.tolist())

    def blocks(self, design: str, split: str, guest: Guest, *, in_place: bool) -> Iterator[Check]:
        """Filter a signal block by block."""
        vectors = self.vectors(design)
        filt = guest.load().new(vectors["taps"])
        x = vectors["noise_in"]
        y = guest.guarded.run(filt, "run", x, block_sizes(split, x.size), in_place=in_place)
        limits = {"f32": float(bound(vectors, "noise").max()), "q15": 0.5}
        yield Check(y, vectors["noise_ref"], "max_abs", limits=limits)

    def not_finite(self, bad: float, guest: Guest) -> Iterator[Check]:
        """Filter a sample that is no number: it leaves with the last tap."""
        vectors = self.vectors("lowpass")
        filt = guest.load().new(vectors["taps"])
        x = vectors["noise_in"].copy()
        x[300] = bad
        expected = vectors["noise_ref"].copy()
        expected[300 : 300 + TAPS] = bad * np.sign(vectors["taps"])
        y = guest.guarded.run(filt, "run", x, [x.size])
        yield Check(y, expected, "max_abs", float(bound(vectors, "noise").max()))

    def one_tap(self, guest: Guest) -> Iterator[Check]:
        """Halve a signal."""
        x = self.vectors("lowpass")["noise_in"]
        filt = guest.load().new(np.array([0.5], np.float32))
        y = guest.guarded.run(filt, "run", x, block_sizes("random", x.size))
        yield Check(y, x / 2, "exact", 0)


def bound(vectors: Vectors, signal: str) -> NDArray[np.float64]:
    """Return the greatest error that rounding can make of each sample."""
    x, taps = (vectors[name].astype(np.float64) for name in (f"{signal}_in", "taps"))
    nu = taps.size * 2.0**-24
    magnitudes = np.convolve(np.abs(x), np.abs(taps))[: x.size]
    return np.asarray(nu / (1 - nu) * magnitudes + taps.size * 2.0**-150)
