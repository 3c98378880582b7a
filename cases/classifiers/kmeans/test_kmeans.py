"""Where the centroids come from, equal distances, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cases.classifiers.kmeans import workload
from cases.signals import Array
from mpy_harness.board.board import Board
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.workloads import Guest


# joblib warns where no lscpu tells it how many cores there are.
@pytest.mark.filterwarnings("ignore:Could not find the number of physical cores")
def test_the_centroids_are_those_of_scikit_learn() -> None:
    from sklearn.cluster import KMeans

    x = workload.points().astype(np.float64)
    model = KMeans(3, n_init=10, random_state=0).fit(x)
    found = model.cluster_centers_[np.argsort(model.cluster_centers_[:, 0])]
    assert np.abs(found - workload.CENTROIDS).max() <= 0.5


@pytest.mark.parametrize("form", ["python", "unrolled", "viper", "native"])
def test_of_equals_the_first_wins(form: str, board: Board, natmod: ModuleLoader, guarded: Guarded) -> None:
    module = Guest(board, workload.Kmeans().forms()[form], natmod, "kmeans_form").load()
    # What is measured is not below 0: viper's pointers load without a sign.
    centroids = np.array([[1900, 0, 0, 0], [1300, 0, 0, 0], [700, 0, 0, 0]], np.int16).ravel()
    points = np.array([[1000, 0, 0, 0], [1600, 1, 1, 1], [0, 8000, 0, 8000]], np.int16).ravel()
    got = guarded.call(module, "assign", points, centroids, ..., out=("B", 3))
    assert got.tolist() == [1, 0, 2]


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.Kmeans.folder() / "natmod")
    points, centroids, out = np.zeros(12, np.int16), np.zeros(8, np.int16), np.zeros(3, np.uint8)
    module.assign(points, centroids, out)
    many = np.zeros(4 * 257, np.int16)
    for wrong in (
        (points[:-1], centroids, out),
        (points, centroids[:-1], out),
        (points, centroids[:0], out),
        (points, many, out),
        (points, centroids, out[:-1]),
    ):
        with pytest.raises(GuestException, match="ValueError: points, centroids and out do not fit each other"):
            module.assign(*wrong)
    for at in range(3):
        other: list[Array] = [points, centroids, out]
        other[at] = other[at].astype(np.int32)
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            module.assign(*other)
