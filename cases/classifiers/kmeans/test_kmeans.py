"""Where the centroids come from."""

from __future__ import annotations

import numpy as np
import pytest

from cases.classifiers.kmeans import workload


# joblib warns where no lscpu tells it how many cores there are.
@pytest.mark.filterwarnings("ignore:Could not find the number of physical cores")
def test_the_centroids_are_those_of_scikit_learn() -> None:
    from sklearn.cluster import KMeans

    x = workload.points().astype(np.float64)
    model = KMeans(3, n_init=10, random_state=0).fit(x)
    found = model.cluster_centers_[np.argsort(model.cluster_centers_[:, 0])]
    assert np.abs(found - workload.CENTROIDS).max() <= 0.5
