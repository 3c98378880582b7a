"""Linear models of tables of numbers: a support vector machine for two classes, and linear regression.

Ten features in 16 bits, one row at a time: ``svm`` is for scikit-learn's breast_cancer, ``regression`` for its
diabetes. One row of weights of 12 bits each; what comes out must be what the same integers give on the host, not only
the class.

- ``python``, ``@native``: bytecode, and decorated
- ``viper``: pointers and integers of 32 bits
- ``native``: C, ``natmod/``

Models and training: ``models.txt``, ``train.py``. Those of ten classes are in ``digits_small``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cases.allocated import allocations
from mpy_harness.workloads import Case, Check, Guest, Workload


class Linear(Workload):
    """Each model in every form."""

    decorated = ("linear",)
    words_of_32 = ("viper",)

    def cases(self) -> Iterator[Case]:
        """Return the models."""
        for name in ("svm", "regression"):
            yield Case(name, partial(self.weighted, name))

    def weighted(self, name: str, guest: Guest) -> Iterator[Check]:
        """Add up what is weighted."""
        vectors, module = self.vectors(name), guest.load()
        model = [guest.board.hold(vectors[each]) for each in ("weights", "biases")]
        got = [guest.guarded.call(module, "linear", x, *model, ..., out=("i", 1)) for x in vectors["samples"]]
        yield Check(np.array(got), vectors["outputs"], "exact", 0, per=len(got))
        allocations(guest, module, "linear", vectors["samples"][0], *model, np.zeros(1, np.int32))
