"""A convolutional network for 8x8 digits, in integers of 8 bits and in the floats that these were made of.

8 filters of 3x3, ReLU, the greatest of each 2x2 places, a dense layer for ten classes: 792 weights, 3312
products. 12 held-out digits, one at a time. In integers, what comes out must be what the same integers give on the
host, score by score; in floats, as near to float64 as sums in float32 can be, and the same class.

- ``python``, ``@native``, ``viper``, ``native``: written for this network; viper has no floats
- ``network``: natmods/network, which takes the layers as numbers

Trained by NumPy (``train.py``), the numbers are in ``model.txt`` and ``model_float.txt``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cases.allocated import allocations
from cases.classifiers.digits_cnn.vectors import CLASSES, FILTERS, POOLED
from mpy_harness.golden import Vectors
from mpy_harness.workloads import Case, Check, Form, Guest, Workload

FLOAT_FORMS = ("python", "@native", "native", "network")


class DigitsCnn(Workload):
    """The network in every form."""

    decorated = ("classify", "classify_float", "dense", "convolve")
    words_of_32 = ("viper",)

    def forms(self) -> dict[str, Form]:
        """Return the workload's own forms, and the module for networks of any layers."""
        return {**super().forms(), "network": Form("network", natmod="network")}

    def cases(self) -> Iterator[Case]:
        """Return the digits in both types."""
        yield Case("digits", self.in_integers)
        yield Case("digits_float32", self.in_floats, forms=FLOAT_FORMS)

    def in_integers(self, guest: Guest) -> Iterator[Check]:
        """Classify each digit."""
        vectors = self.vectors("digits")
        got = self.classified(guest, vectors, "classify", "i", vectors["shape"].tolist())
        yield Check(got, vectors["outputs"], "exact", 0, per=len(got))

    def in_floats(self, guest: Guest) -> Iterator[Check]:
        """Classify each digit. 1 is what float32 may be off at worst; most of it cancels: a twentieth is the limit."""
        vectors = self.vectors("digits_float32")
        got = self.classified(guest, vectors, "classify_float", "f", [])
        outputs, bounds = vectors["outputs"], vectors["bounds"]
        yield Check(got / bounds, outputs / bounds, "max_abs", 0.05, per=len(got))
        yield Check(got, outputs, "argmax", 0, per=len(got))

    def classified(self, guest: Guest, vectors: Vectors, name: str, code: str, shifts: list[int]) -> np.ndarray:
        """Return the scores of each digit, and measure what one call takes of the heap."""
        module, samples = guest.load(), vectors["samples"]
        model: list[Any] = [vectors["weights"], vectors["biases"]]
        if guest.form.name == "network":
            module, name, model = module.new(layers(*shifts), *model), "run", []
        held = [guest.board.hold(array) for array in model] + (shifts if model else [])
        got = [guest.guarded.call(module, name, x, *held, ..., out=(code, CLASSES)) for x in samples]
        room = np.zeros(CLASSES, np.int32 if code == "i" else np.float32)
        allocations(guest, module, name, samples[0], *held, room)
        return np.array(got)


def layers(shift: int = 0) -> np.ndarray:
    """Return the layers as natmods/network takes them: filters, the greatest of their sums, the dense layer."""
    return np.array(
        [
            [0, 8, 8, 1, 3, 3, 1, 1, FILTERS, shift],
            [1, 6, 6, FILTERS, 2, 2, 2, 2, FILTERS, 0],
            [0, 1, 1, POOLED * FILTERS, 1, 1, 1, 1, CLASSES, 0],
        ],
        np.int16,
    ).ravel()
