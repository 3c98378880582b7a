"""Decision tree ensembles against emlearn's own host inference and scikit-learn.

The model is scikit-learn's random forest on its digits, 10 trees of at most 100 leaf nodes, once with trees
that vote (emlearn's leaf bits 0) and once with class shares averaged as scikit-learn does (leaf bits 8).

Features are integers: there is neither NaN nor a subnormal to show. Step, sweep, impulse, silence and full
scale are samples that no training data looks like.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpy_harness.golden import Vectors
from mpy_harness.workloads import Case, Check, Guest, Workload

MODELS = ("vote", "mean")
EDGES = ("noise", "sweep", "impulse", "step", "silence", "full_scale")
CLASSES = 10
PART = 180  # samples that are classified at a time

# Ten shares, each rounded, summed and divided: 12 roundings of numbers up to 10, divided by 10.
PROBABILITY_LIMIT = 12 * 2.0**-24
# emlearn's host inference prints its own with six decimals.
EMLEARN_DIGITS = 0.5e-6


class Trees(Workload):
    """natmods/trees and its twin."""

    natmod = "trees"

    def cases(self) -> Iterator[Case]:
        """Return the held-out digits and what looks like none, in both models."""
        for kind in MODELS:
            yield Case(f"digits_{kind}/held_out", partial(self.held_out, kind))
            for edge in EDGES:
                yield Case(f"digits_{kind}/{edge}", partial(self.edge, kind, edge))

    def held_out(self, kind: str, guest: Guest) -> Iterator[Check]:
        """Classify digits: class by class, the share of right ones, and the probabilities."""
        vectors = self.vectors(f"digits_{kind}")
        samples, truth = vectors["samples_in"], vectors["classes"]
        per = len(samples)
        model = Classifier(guest, vectors)

        got = model.predict(samples)
        yield Check(got, vectors["samples_emlearn"], "exact", 0)
        ours, theirs = (100 * np.mean(c == truth) for c in (got, vectors["sklearn"]))
        yield Check(ours, theirs, "max_abs", 0.5, name="accuracy", per=per)

        got = model.predict_proba(samples)
        emlearn, exact = vectors["samples_emlearn_proba"], vectors["samples_proba"]
        yield Check(got, emlearn, "argmax", 0, per=per)
        yield Check(got, exact, "probability", PROBABILITY_LIMIT, per=per)
        yield Check(got, emlearn, "probability", PROBABILITY_LIMIT + EMLEARN_DIGITS, name="emlearn", per=per)

    def edge(self, kind: str, edge: str, guest: Guest) -> Iterator[Check]:
        """Classify what is no digit."""
        vectors = self.vectors(f"digits_{kind}")
        samples = vectors[f"{edge}_in"]
        model = Classifier(guest, vectors)
        yield Check(model.predict(samples), vectors[f"{edge}_emlearn"], "exact", 0)
        proba = model.predict_proba(samples)
        yield Check(proba, vectors[f"{edge}_proba"], "probability", PROBABILITY_LIMIT, per=len(samples))


class Classifier:
    """The model in the guest; samples have the shape (n, features)."""

    def __init__(self, guest: Guest, vectors: Vectors) -> None:
        self._board = guest.board
        self._model = guest.load().new(
            vectors["nodes"], vectors["roots"], vectors["leaves"], *vectors["shape"].tolist()
        )
        self._board.exec((Trees.folder() / "classify.py").read_text(encoding="utf-8"))

    def predict(self, samples: NDArray[np.int16]) -> NDArray[Any]:
        """Return the class of each sample, shape (n,)."""
        return self._in_parts("predict", samples)

    def predict_proba(self, samples: NDArray[np.int16]) -> NDArray[Any]:
        """Return the share of each class, shape (n, 10)."""
        return self._in_parts("predict_proba", samples, CLASSES).reshape(-1, CLASSES)

    def _in_parts(self, function: str, samples: NDArray[np.int16], *more: int) -> NDArray[Any]:
        # All at once would not fit the smallest targets.
        parts = np.split(samples, range(PART, len(samples), PART))
        features = samples.shape[1]
        got = [self._board.call(function, self._model, part, features, *more, timeout=60) for part in parts]
        return np.concatenate(got)
