"""Extra trees, by vote and by average, with features of 16 bits or floats, and one tree: scikit-learn's breast_cancer.

10 trees of at most 16 leaves (``train.py``, ``forest.txt``); 12 held-out tumours of ten features, one at a time. By
vote each tree is for the class that most samples of its leaf had, by average for each class with its share there, as
scikit-learn does. ``tree`` is one decision tree, of at most 16 leaves too.

- ``python``, ``@native``: bytecode, and decorated
- ``viper``: the way down a tree through pointers, floats compared by their bits
- ``native``: C, ``natmod/``
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cases.allocated import allocations
from mpy_harness.workloads import Case, Check, Guest, Workload

KINDS = ("integers", "floats")
WAYS = {"vote": "classes", "average": "shares"}
SAMPLES = 12
# Of an average: a share is rounded, ten are added up, the sum is divided. Of votes the division alone.
LIMITS = {"vote": 2.0**-24, "average": 12 * 2.0**-24}


class ExtraTrees(Workload):
    """The trees in every form."""

    decorated = ("vote", "average", "leaf")
    words_of_32 = ("viper",)

    def cases(self) -> Iterator[Case]:
        """Return both ways with both kinds of features, and the tree alone."""
        for kind in KINDS:
            for way in WAYS:
                yield Case(f"{way}_{kind}", partial(self.classified, kind, way))
        yield Case("tree", partial(self.classified, "tree", "vote"))

    def classified(self, kind: str, way: str, guest: Guest) -> Iterator[Check]:
        """Classify each tumour."""
        vectors, module = self.vectors(kind), guest.load()
        names = ("nodes", "thresholds", "roots", WAYS[way])
        arrays = [guest.board.hold(vectors[name]) for name in names]
        samples, expected = vectors["samples"], vectors[way][:SAMPLES]
        out = ("f", expected.shape[1])
        got = np.array([guest.guarded.call(module, way, x, *arrays, ..., out=out) for x in samples])
        yield Check(got, expected, "probability", LIMITS[way], per=len(samples))
        room = np.zeros(expected.shape[1], np.float32)
        allocations(guest, module, way, samples[0], *(vectors[name] for name in names), room)
