"""Where the centroids come from."""

from __future__ import annotations

import numpy as np

from cases.classifiers.kmeans import workload


def test_the_centroids_are_those_of_scikit_learn() -> None:
    from sklearn.cluster import KMeans

    x = workload.points().astype(np.float64)
    model = KMeans(3, n_init=10, random_state=0).fit(x)
    found = model.cluster_centers_[np.argsort(model.cluster_centers_[:, 0])]
    assert np.abs(found - workload.CENTROIDS).max() <= 0.5
