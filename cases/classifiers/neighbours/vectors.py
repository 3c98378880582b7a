"""Wines, samples that a classifier by nearest neighbours keeps, and what it finds for others.

The model is one array: features, samples, k; then for each sample its class and place. Features are whole numbers from
0 to 100, by the least and the greatest of all wines.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

SAMPLES = 12
NEIGHBOURS = (3, 8)  # with 8, two classes may have equally many


def make() -> Made:
    """Return for each k the model, some wines, what is found for them, and how many of all are right."""
    train, held_out, train_class, classes = wines()
    made: Made = {}
    for k in NEIGHBOURS:
        outputs = found(train, train_class, held_out, k)
        made[f"wine_{k}"] = {
            "model": np.r_[train.shape[1], len(train), k, np.c_[train_class, train].ravel()].astype(np.int16),
            "samples": held_out[:SAMPLES].astype(np.int16),
            "outputs": outputs[:SAMPLES].astype(np.int32),
            "right": np.array([(outputs[:, 0] == classes).sum(), len(classes)], np.int32),
        }
    return made


def wines() -> tuple[Array, Array, Array, Array]:
    """Return wines to keep and held out, and their classes."""
    x, y = load_wine(return_X_y=True)
    steps = np.rint(100 * (x - x.min(axis=0)) / np.ptp(x, axis=0)).astype(int)
    train, held_out, train_class, classes = train_test_split(
        steps, y, test_size=0.3, random_state=SEED % 2**31, stratify=y
    )
    return train, held_out, train_class, classes


def found(train: Array, classes: Array, x: Array, k: int) -> Array:
    """Return for each sample the class of most of its neighbours, their classes and squares, (samples, 1 + 2 k).

    Of samples equally far away those are nearer that come first, of classes with equally many the least wins.
    """
    squares = ((x[:, None, :] - train[None, :, :]) ** 2).sum(axis=2)
    nearest = np.argsort(squares, axis=1, kind="stable")[:, :k]
    votes = (classes[nearest][:, :, None] == np.unique(classes)).sum(axis=1)
    decided = np.unique(classes)[votes.argmax(axis=1)]
    return np.c_[decided, classes[nearest], np.take_along_axis(squares, nearest, axis=1)]
