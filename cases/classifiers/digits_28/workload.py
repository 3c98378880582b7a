"""A convolutional network for 28x28 digits, in integers of 8 bits and in floats.

4 filters of 3x3, 8 filters of 3x3x4, each with ReLU and the greatest of each 2x2 places, a dense layer for ten
classes: 2,324 weights, 55,136 products. Four held-out digits, one at a time. In integers, what comes out must be what
the same integers give on the host, score by score; in floats, as near to float64 as sums in float32 can be.

The digits are enlarged ones (``vectors.py``), the network is made by ``train.py``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cases.allocated import allocations
from mpy_harness.workloads import Case, Check, Guest, Workload


class Digits28(Workload):
    """The network in every form."""

    decorated = ("network", "convolve")

    def cases(self) -> Iterator[Case]:
        """Return the digits in both types."""
        yield Case("int8", self.in_integers)
        yield Case("float32", self.in_floats, forms=["python", "@native", "native"])

    def in_integers(self, guest: Guest) -> Iterator[Check]:
        """Classify each digit."""
        vectors = self.vectors("int8")
        module = guest.load()
        model = [guest.board.hold(vectors[name]) for name in ("weights", "biases", "shifts")]
        outputs = vectors["outputs"]
        out = ("i", outputs.shape[1])
        got = [guest.guarded.call(module, "classify", x, *model, ..., out=out) for x in vectors["samples"]]
        yield Check(np.array(got), outputs, "exact", 0, per=len(outputs))
        room = np.zeros(outputs.shape[1], np.int32)
        allocations(guest, module, "classify", vectors["samples"][0], *model, room)

    def in_floats(self, guest: Guest) -> Iterator[Check]:
        """Classify each digit. 1 is what float32 may be off at worst; most of it cancels: a hundredth is the limit."""
        vectors = self.vectors("float32")
        module = guest.load()
        model = [guest.board.hold(vectors[name]) for name in ("weights", "biases")]
        outputs, bounds = vectors["outputs"], vectors["bounds"]
        out = ("f", outputs.shape[1])
        got = [guest.guarded.call(module, "classify_float", x, *model, ..., out=out) for x in vectors["samples"]]
        yield Check(np.array(got) / bounds, outputs / bounds, "max_abs", 0.01, per=len(outputs))
