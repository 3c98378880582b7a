"""Nearest neighbours: the class that most of the k nearest of 124 wines have, by 13 features, in int16.

12 held-out wines, one at a time: the class, and the classes and squares of distances of all k neighbours, exact. With 8
of them, sorting and counting take a larger part than with 3.

- ``python``, ``@native``: bytecode
- ``native``: C (``natmod/``)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cases.allocated import allocations
from mpy_harness.workloads import Case, Check, Guest, Workload

NAMES = ("wine_3", "wine_8")


class Neighbours(Workload):
    """The class and the neighbours in every form."""

    decorated = ("classify",)

    def cases(self) -> Iterator[Case]:
        """Return the wines, with few neighbours and with more."""
        for name in NAMES:
            yield Case(name, partial(self.classified, name))

    def classified(self, name: str, guest: Guest) -> Iterator[Check]:
        """Classify each wine."""
        vectors = self.vectors(name)
        module, model = guest.load(), guest.board.hold(vectors["model"])
        samples, outputs = vectors["samples"], vectors["outputs"]
        out = ("i", outputs.shape[1])
        got = np.array([guest.guarded.call(module, "classify", each, model, ..., out=out) for each in samples])
        yield Check(got, outputs, "exact", 0, per=len(samples))
        allocations(guest, module, "classify", samples[0], vectors["model"], np.zeros(outputs.shape[1], np.int32))
