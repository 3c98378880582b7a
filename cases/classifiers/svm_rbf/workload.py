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
DEVIATIONS = 6


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

    What all of them could be off together is fifty times what one sees. Here each is an error of its own, of mean 0:
    then the sum of n errors is above six times the root of the sum of their squares once in 30 million times (N. J.
    Higham and T. Mary, A New Approach to Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput. 41, 2019).
    """
    model = vectors["model"].astype(np.float64)
    rows = model[4:].reshape(int(model[1]), -1)
    features = rows.shape[1] - 1
    exponents = model[2] * ((vectors["samples"][:, None, :] - rows[None, :, 1:]) ** 2).sum(axis=2)
    terms = rows[:, 0] * np.exp(-exponents)
    squares = terms**2 * ((features + 4) * exponents**2 + 4**2 + 1)
    sums = model[3] + np.cumsum(terms, axis=1)
    return np.asarray(DEVIATIONS * UNIT * np.sqrt((squares + sums**2).sum(axis=1)))[:, None]
