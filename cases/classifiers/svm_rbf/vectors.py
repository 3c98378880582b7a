"""Tumours, a support vector machine that was trained once (model.txt), and what it decides in float64.

The model is one array: features, support vectors, gamma and intercept; then for each vector its coefficient
and place.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

MODEL = Path(__file__).with_name("model.txt")
SAMPLES, FEATURES = 12, 10
GAMMA = 0.125


def make() -> Made:
    """Return the model, some tumours, the decisions on them, and how many of all are right."""
    _, held_out, _, classes = tumours()
    right, model = read_model()
    x = (held_out / 64).astype(np.float32)
    decisions = decision(model.astype(np.float64), x.astype(np.float64))
    return {
        "tumours": {
            "model": model,
            "samples": x[:SAMPLES],
            "outputs": decisions[:SAMPLES, None],
            "right": np.array([right, ((decisions > 0) == classes).sum()], np.int32),
        }
    }


def tumours() -> tuple[Array, Array, Array, Array]:
    """Return the means of ten features in 1/64 of their deviation, to train with and held out, and classes."""
    x, y = load_breast_cancer(return_X_y=True)
    x = x[:, :FEATURES]
    steps = np.rint(64 * (x - x.mean(axis=0)) / x.std(axis=0)).astype(int)
    train, held_out, train_class, classes = train_test_split(
        steps, y, test_size=0.3, random_state=SEED % 2**31, stratify=y
    )
    return train, held_out, train_class, classes


def read_model() -> tuple[int, Array]:
    """Return how many tumours scikit-learn's own model gets right, and the array."""
    lines = [line for line in MODEL.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = np.array([[float(word) for word in line.split()] for line in lines[2:]])
    rows[:, 1:] /= 64
    return int(lines[0]), np.r_[FEATURES, len(rows), GAMMA, float(lines[1]), rows.ravel()].astype(np.float32)


def decision(model: Array, x: Array) -> Array:
    """Return the decision on each tumour, (n,): above 0 is class 1."""
    rows = model[4:].reshape(int(model[1]), -1)
    squares = ((x[:, None, :] - rows[None, :, 1:]) ** 2).sum(axis=2)
    return np.asarray(model[3] + np.exp(-model[2] * squares) @ rows[:, 0])
