"""The one file of features gives on CPython what NumPy gives, and the forest is worth something."""

from __future__ import annotations

import numpy as np

from cases.pipeline.activity import motion, vectors, workload


def test_features_on_cpython_are_those_of_numpy() -> None:
    x, _ = motion.windows(*vectors.HELD_OUT)
    np.testing.assert_array_equal(vectors.preprocessed(x), vectors.of_numpy(x))
    edges = np.zeros((3, 128, 3), np.int16)
    edges[1], edges[2, ::2] = -8000, 8000
    np.testing.assert_array_equal(vectors.preprocessed(edges), vectors.of_numpy(edges))


def test_votes_are_as_good_as_the_forest_that_was_grown() -> None:
    grown, ours, windows = workload.Activity.vectors("motion")["right"]
    assert ours >= grown - 0.01 * windows
    assert grown > 0.85 * windows
