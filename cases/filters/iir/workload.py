"""Cascaded biquads against scipy.signal.sosfilt in float64.

Three figures: the SNR against SciPy, whether every sample is, bit for bit, what float32 arithmetic gives for this
algorithm (a model in NumPy, ``in_float32`` in vectors.py), and for impulses the error of the gain.

A-weighting keeps 90 dB and more for every signal. Where a design cannot, the model shows that float32
cannot, whoever computes: its SNR is the limit then.

- ``a_weighting_zpk2sos``: 86 dB. SciPy puts the two poles at 20.6 Hz (z = 0.99194) into one section.
  float32 coefficients make 0.99194 +- 0.00024j of them, and the roundoff of that section's state is
  amplified by both. The same filter with these poles in different sections, ``a_weighting``, keeps 112 dB.
- ``highpass_100hz``, step: 86 dB. The response dies out, and what is left is the roundoff of its beginning.
- ``highpass_16khz``: 29 to 76 dB. 1 + a1 + a2 is 3.9e-8, a third of a float32 step of a1: rounded it is 0,
  and a pole that belongs at 0.99986 lies on z = 1. Filter at a lower rate, or in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cases.blocks import SPLITS, block_sizes
from mpy_harness.golden import Vectors, frequency_response_db, metric
from mpy_harness.workloads import Case, Check, Guest, Workload

DESIGNS = ("a_weighting", "a_weighting_zpk2sos", "highpass_100hz", "highpass_16khz")
SIGNALS = ("noise", "sweep", "impulse", "step", "silence", "subnormal", "full_scale", "loud")
ALWAYS_90_DB = ("a_weighting",)

# Python's arithmetic on a firmware whose floats have 64 bits rounds to float32 only what it stores: coefficients and
# results are as in the model, the roundoff between them is another one.
OTHER_ROUNDOFF_DB = 3.0

# A gain error is told where the gain is above this, relative to the greatest gain.
FLOOR_DB = -40.0


class Iir(Workload):
    """natmods/iir and its twin."""

    natmod = "iir"

    def cases(self) -> Iterator[Case]:
        """Return every signal through every design, the gain of two, and blocks."""
        for design in DESIGNS:
            for signal in SIGNALS:
                yield Case(f"{design}/{signal}", partial(self.filtered, design, signal))
        for design in ("a_weighting", "highpass_100hz"):
            yield Case(f"{design}/gain", partial(self.gain, design))
        for split in SPLITS:
            yield Case(f"a_weighting/blocks_{split}", partial(self.blocks, split, in_place=False))
            yield Case(f"a_weighting/in_place_{split}", partial(self.blocks, split, in_place=True))

    def filtered(self, design: str, signal: str, guest: Guest) -> Iterator[Check]:
        """Filter a signal in one block."""
        vectors, has_model = self.vectors(design), guest.rounds_to_float32
        filt = guest.load().new(vectors["sos"])
        x = vectors[f"{signal}_in"]
        y = guest.guarded.run(filt, "run", x, [x.size])
        room = 0.5 if has_model else OTHER_ROUNDOFF_DB
        yield Check(y, vectors[f"{signal}_ref"], "snr", snr_limit(vectors, design, signal, room))
        if has_model:
            yield Check(y, vectors[f"{signal}_f32"], "exact", 0, name="f32")

    def gain(self, design: str, guest: Guest) -> Iterator[Check]:
        """Compare the gain over frequency."""
        vectors = self.vectors(design)
        x = vectors["impulse_in"]
        y = guest.guarded.run(guest.load().new(vectors["sos"]), "run", x, [x.size])
        yield Check(y, vectors["impulse_ref"], frequency_response_db(FLOOR_DB), gain_limit_db(vectors))

    def blocks(self, split: str, guest: Guest, *, in_place: bool) -> Iterator[Check]:
        """Filter a signal block by block."""
        vectors, has_model = self.vectors("a_weighting"), guest.rounds_to_float32
        filt = guest.load().new(vectors["sos"])
        x = vectors["noise_in"]
        y = guest.guarded.run(filt, "run", x, block_sizes(split, x.size), in_place=in_place)
        yield Check(y, vectors["noise_ref"], "snr", 90)
        if has_model:
            yield Check(y, vectors["noise_f32"], "exact", 0, name="f32")


def snr_limit(vectors: Vectors, design: str, signal: str, room: float = 0.5) -> float:
    """Return 90 dB, or what a float32 model reaches less ``room`` in dB where that is below."""
    if design in ALWAYS_90_DB:
        return 90.0
    reached = metric("snr").evaluate(vectors[f"{signal}_f32"], vectors[f"{signal}_ref"]).value
    return min(90.0, reached - room)


def gain_limit_db(vectors: Vectors) -> float:
    """Return how far the gain can be off above the floor when the impulse response is off as float32 is.

    No bin of the error's spectrum exceeds the sum of the error's magnitudes.
    """
    reference = vectors["impulse_ref"]
    error = np.abs(vectors["impulse_f32"] - reference).sum()
    floor = np.abs(np.fft.rfft(reference, 8192)).max() * 10 ** (FLOOR_DB / 20)
    return float(-20 * np.log10(1 - error / floor))
