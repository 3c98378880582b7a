"""A support vector machine with RBF kernel and two classes: ten features of scikit-learn's breast_cancer.

12 held-out tumours, one at a time, in float32; the decision is held against float64, class by class and as a
number. The model is scikit-learn's SVC (``train.py``, ``model.txt``).

- ``python``, ``@native``: bytecode, with the firmware's exp
- ``native``: C (``natmod/``), with an exp of its own
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cases.allocated import allocations
from cases.signals import Array
from mpy_harness.golden import Vectors
from mpy_harness.workloads import Case, Check, Guest, Workload

UNIT = 2.0**-24


class SvmRbf(Workload):
    """The decision in every form."""

    decorated = ("decide",)

    def cases(self) -> Iterator[Case]:
        """Return the tumours."""
        yield Case("tumours", self.decided)

    def decided(self, guest: Guest) -> Iterator[Check]:
        """Decide on each tumour: how far that is from the host's decision, in units of what it may be off."""
        vectors = self.vectors("tumours")
        module, model = guest.load(), guest.board.hold(vectors["model"])
        samples, outputs, off = vectors["samples"], vectors["outputs"], bound(vectors)
        got = np.array([guest.guarded.call(module, "decide", x, model, ..., out=("f", 1)) for x in samples])
        yield Check(got / off, outputs / off, "max_abs", 1, per=len(samples))
        classes, expected = ((each > 0).astype(np.int8) for each in (got, outputs))
        yield Check(classes, expected, "exact", 0, name="class", per=len(samples))
        allocations(guest, module, "decide", samples[0], vectors["model"], np.zeros(1, np.float32))


def bound(vectors: Vectors) -> Array:
    """Return how far each decision may be off in float32, (samples, 1).

    A square of a distance is off by its terms' and additions' roundings, (features + 3) of them; gamma times
    that is off in the exponent, so relatively in the kernel, whose exp is good to 2 ULP (4 roundings) or
    better. Then each product and each addition rounds.
    """
    model = vectors["model"].astype(np.float64)
    rows = model[4:].reshape(int(model[1]), -1)
    features = rows.shape[1] - 1
    exponents = model[2] * ((vectors["samples"][:, None, :] - rows[None, :, 1:]) ** 2).sum(axis=2)
    terms = np.abs(rows[:, 0]) * np.exp(-exponents)
    relative = (features + 4) * exponents + 4 + 1 + len(rows)
    return np.asarray(UNIT * ((terms * relative).sum(axis=1) + len(rows) * abs(model[3])))[:, None]
