"""Which centroid of k-means each point is nearest to: scikit-learn's iris, 150 points, three centroids.

In integers, 1/100 cm, so every form has to give what scipy.cluster.vq.vq gives with the same centroids, which
are those of scikit-learn's KMeans, rounded (``test_kmeans.py`` finds them again).

- ``python``, ``@native``: three loops; ``unrolled``: bytecode, the features by name
- ``viper``: pointers and integers of 32 bits
- ``native``: C, ``natmod/``
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.cluster.vq import vq

from cases.allocated import allocations
from cases.signals import Array
from mpy_harness.workloads import Case, Check, Guest, Workload

CENTROIDS = np.array([[501, 343, 146, 25], [590, 275, 439, 143], [685, 307, 574, 207]], np.int16)


class Kmeans(Workload):
    """The assignment in every form."""

    decorated = ("assign",)

    def cases(self) -> Iterator[Case]:
        """Return the points."""
        yield Case("iris", self.assigned)

    def assigned(self, guest: Guest) -> Iterator[Check]:
        """Assign each point, all in one call."""
        x, module = points(), guest.load()
        reference, _ = vq(x.astype(np.float64), CENTROIDS.astype(np.float64))
        arrays = x.ravel(), CENTROIDS.ravel()
        got = guest.guarded.call(module, "assign", *arrays, ..., out=("B", len(x)))
        yield Check(got, reference, "exact", 0)
        allocations(guest, module, "assign", *arrays, np.zeros(len(x), np.uint8))


def points() -> Array:
    """Return the flowers in 1/100 cm, (150, 4)."""
    from sklearn.datasets import load_iris

    return np.rint(100 * load_iris().data).astype(np.int16)
