"""Small classifiers of scikit-learn's digits: linear ones, nearest prototype, Gaussian naive Bayes, a small network.

12 held-out digits, one at a time; what comes out must be what the same model gives on the host, not only its class.

- ``logistic``, ``svm``: ten rows of 64 weights, of 8 bits; logistic regression and a linear SVM differ in their numbers
- ``nearest``: 40 prototypes, the means of k-means
- ``bayes``: Gaussians in float32, which has no form in viper
- ``mlp``: 24 neurons and 10, weights of 8 bits, as networks for microcontrollers are quantised

Models and training: ``models.txt``, ``train.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cases.allocated import allocations
from mpy_harness.golden import Vectors
from mpy_harness.workloads import Case, Check, Guest, Workload

MODELS = ("logistic", "svm", "nearest", "bayes", "mlp")
# 64 terms, each of two products and a difference, and their sum, in units of the sum of the terms' magnitudes.
BAYES_LIMIT = 68 * 2.0**-24


class DigitsSmall(Workload):
    """Each model in the forms that there are."""

    decorated = ("linear", "nearest", "bayes", "mlp")

    def cases(self) -> Iterator[Case]:
        """Return the models."""
        for name in MODELS:
            forms = [form for form in self.forms() if name != "bayes" or form != "viper"]
            yield Case(name, partial(self.classified, name), forms=forms)

    def classified(self, name: str, guest: Guest) -> Iterator[Check]:
        """Classify each digit."""
        vectors = self.vectors(name)
        function = "linear" if name in {"logistic", "svm"} else name
        module, model = guest.load(), guest.board.hold(vectors["model"])
        samples, outputs = vectors["samples"], vectors["outputs"]
        out = ("f" if name == "bayes" else "i", outputs.shape[1])
        got = np.array([guest.guarded.call(module, function, each, model, ..., out=out) for each in samples])
        if name == "bayes":
            yield Check(got / scale(vectors), outputs / scale(vectors), "max_abs", BAYES_LIMIT, per=len(samples))
            yield Check(got, outputs, "argmax", 0, per=len(samples))
        else:
            yield Check(got, outputs, "exact", 0, per=len(samples))
        room = np.zeros(outputs.shape[1], np.float32 if name == "bayes" else np.int32)
        allocations(guest, module, function, samples[0], vectors["model"], room)


def scale(vectors: Vectors) -> float:
    """Return the greatest sum of magnitudes among the likelihoods: the share and the squares, of one sign."""
    shares = np.abs(vectors["model"][2:].reshape(vectors["outputs"].shape[1], -1)[:, 0])
    return float((np.abs(vectors["outputs"]) + 2 * shares).max())
