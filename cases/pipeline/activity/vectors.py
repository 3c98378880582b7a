"""Windows of motion, their features by NumPy, a forest that was grown once (forest.txt), and its votes."""

from __future__ import annotations

import runpy
from math import isqrt
from pathlib import Path

import numpy as np

from cases.pipeline.activity.motion import ACTIVITIES, windows
from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

FOREST = Path(__file__).with_name("forest.txt")
OF_AXIS = 11
FEATURES, SAMPLES = 3 * OF_AXIS + 1, 12
#: Which random numbers, and how many windows of each activity.
TRAINED, HELD_OUT = (1, 150), (2, 50)


def make() -> Made:
    """Return the forest, some windows with features and votes, and how many of all windows are right."""
    x, classes = windows(*HELD_OUT)
    right, nodes, roots = read_forest()
    features = of_numpy(x)
    votes = voted(nodes, roots, features)
    return {
        "motion": {
            "nodes": nodes.ravel().astype(np.int16),
            "roots": roots.astype(np.int32),
            "leaves": np.arange(len(ACTIVITIES)).astype(np.uint8),
            "windows": x[:SAMPLES].reshape(SAMPLES, -1),
            "features": features[:SAMPLES],
            "votes": votes[:SAMPLES].astype(np.int32),
            "right": np.array([right, (votes.argmax(axis=1) == classes).sum(), len(classes)], np.int32),
        }
    }


def preprocessed(x: Array) -> Array:
    """Return the features of windows, (n, 34), by the file that the target runs."""
    features = runpy.run_path(str(Path(__file__).with_name("preprocess.py")))["features"]
    found = np.zeros((len(x), FEATURES), np.int16)
    for row, window in zip(found, x.reshape(len(x), -1).tolist(), strict=True):
        out = [0] * FEATURES
        features(window, out)
        row[:] = out
    return found


def of_numpy(x: Array) -> Array:
    """Return the same features, (n, 34), as NumPy has them."""
    x = x.astype(np.int64)
    n = x.shape[1]
    mean = x.sum(axis=1) // n
    distance = np.abs(x - mean[:, None])
    spread = np.vectorize(isqrt)((distance**2).sum(axis=1) // n)
    apart = distance.sum(axis=1) // n
    crossings = np.count_nonzero(np.diff(x < mean[:, None], axis=1), axis=1)
    steps = np.abs(np.diff(x, axis=1)).sum(axis=1) // n
    energy = (x**2).sum(axis=1) // n >> 11
    lower, median, upper = np.sort(x, axis=1)[:, [n // 4, n // 2, 3 * n // 4]].transpose(1, 0, 2)
    from_median = np.sort(np.abs(x - median[:, None]), axis=1)[:, n // 2]
    of_moments = [mean, spread, apart, np.ptp(x, axis=1), crossings, steps, energy]
    of_axes = np.stack([*of_moments, median, lower, upper, from_median], axis=2).reshape(len(x), 3 * OF_AXIS)
    return np.c_[of_axes, apart.sum(axis=1)].astype(np.int16)


def read_forest() -> tuple[int, Array, Array]:
    """Return how many windows scikit-learn's own gets right, the nodes, (n, 4), and the first of each tree."""
    lines = [line for line in FOREST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    trees = [np.array(list(map(int, line.split()))).reshape(-1, 4) for line in lines[1:]]
    return int(lines[0]), np.concatenate(trees), np.cumsum([0, *(len(tree) for tree in trees[:-1])])


def voted(nodes: Array, roots: Array, features: Array) -> Array:
    """Return how many trees are for each class, (n, 4)."""
    votes = np.zeros((len(features), len(ACTIVITIES)), int)
    table = nodes.tolist()
    for row, sample in zip(votes, features.tolist(), strict=True):
        for root in roots.tolist():
            at = root
            while True:
                feature, threshold, left, right = table[at]
                child = left if sample[feature] < threshold else right
                if child < 0:
                    break
                at += child
            row[-1 - child] += 1
    return votes
