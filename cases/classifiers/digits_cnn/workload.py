"""A convolutional network for 8x8 digits, quantised to integers of 8 bits.

8 filters of 3x3, ReLU, the greatest of each 2x2 places, a dense layer for ten classes: 792 weights, 3312
products. 12 held-out digits, one at a time; what comes out must be what the same integers give on the host,
score by score.

Trained by NumPy (``train.py``), the numbers are in ``model.txt``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cases.allocated import allocations
from mpy_harness.workloads import Case, Check, Guest, Workload


class DigitsCnn(Workload):
    """The network in every form."""

    decorated = ("classify", "convolve")
    words_of_32 = ("viper",)

    def cases(self) -> Iterator[Case]:
        """Return the digits."""
        yield Case("digits", self.classified)

    def classified(self, guest: Guest) -> Iterator[Check]:
        """Classify each digit."""
        vectors = self.vectors("digits")
        module = guest.load()
        weights, biases = (guest.board.hold(vectors[name]) for name in ("weights", "biases"))
        (shift,) = vectors["shape"].tolist()
        samples, outputs = vectors["samples"], vectors["outputs"]
        out = ("i", outputs.shape[1])
        got = [guest.guarded.call(module, "classify", x, weights, biases, shift, ..., out=out) for x in samples]
        yield Check(np.array(got), outputs, "exact", 0, per=len(samples))
        room = np.zeros(outputs.shape[1], np.int32)
        allocations(guest, module, "classify", samples[0], weights, biases, shift, room)
