"""Digits, small models that were trained once (models.txt), and what comes out of them.

A model is one array. It begins with its sizes; then, for each class (``logistic``, ``svm``) or neuron, its bias and
weights; for each prototype (``nearest``) its class and its place, twice the pixels; for each class (``bayes``) the
logarithm of its share and for each pixel half of the inverse variance, and the mean. ``mlp`` has a shift after its
sizes: the first layer's sums are shifted down by it and limited to 0 up to 127.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

MODELS = Path(__file__).with_name("models.txt")
SAMPLES = 12


def make() -> Made:
    """Return for each model its array, some digits, the outputs for them, and how many of all digits are right."""
    _, held_out, _, classes = pixels()
    made: Made = {}
    for name, (right, numbers) in read_models().items():
        model = of_floats(numbers) if name == "bayes" else numbers.astype(np.int16)
        outputs = OUTPUTS[name](model.astype(np.float64 if name == "bayes" else np.int64), held_out.astype(np.int64))
        predicted = class_of(name, outputs)
        made[name] = {
            "model": model,
            "samples": held_out[:SAMPLES].astype(np.int16),
            "outputs": outputs[:SAMPLES] if name == "bayes" else outputs[:SAMPLES].astype(np.int32),
            "right": np.array([right, (predicted == classes).sum()], np.int32),
        }
    return made


def pixels() -> tuple[Array, Array, Array, Array]:
    """Return scikit-learn's digits: pixels to train with and held out, and their classes."""
    x, y = load_digits(return_X_y=True)
    train, held_out, train_class, held_out_class = train_test_split(
        x, y, test_size=0.3, random_state=SEED % 2**31, stratify=y
    )
    return train, held_out, train_class, held_out_class


def read_models() -> dict[str, tuple[int, Array]]:
    """Return the models of ``models.txt``: how many digits scikit-learn's own gets right, and the numbers."""
    found: dict[str, tuple[int, list[int]]] = {}
    last: list[int] = []
    for line in MODELS.read_text(encoding="utf-8").splitlines():
        if line[0].isalpha():
            name, right = line.split()
            last = []
            found[name] = int(right), last
        elif not line.startswith("#"):
            last += map(int, line.split())
    return {name: (right, np.array(numbers)) for name, (right, numbers) in found.items()}


def of_floats(numbers: Array) -> Array:
    """Return the model of Gaussians in float32, from means and variances in 1/64 and shares in 1/1024."""
    features, classes = (int(n) for n in numbers[:2])
    rows = numbers[2:].reshape(classes, 1 + 2 * features)
    mean, variance = rows[:, 1::2] / 64, rows[:, 2::2] / 64
    # The logarithm of the densities' common part: -0.5 * log of the product of the variances.
    share = rows[:, 0] / 1024 - 0.5 * np.log(variance).sum(axis=1)
    pairs = np.stack([0.5 / variance, mean], axis=2).reshape(classes, -1)
    return np.r_[features, classes, np.c_[share, pairs].ravel()].astype(np.float32)


def linear(model: Array, x: Array) -> Array:
    """Return the score of each class, (samples, classes)."""
    rows = model[2:].reshape(int(model[1]), -1)
    return rows[:, 0] + x @ rows[:, 1:].T


def nearest(model: Array, x: Array) -> Array:
    """Return the class of the nearest prototype, and the square of its distance, (samples, 2)."""
    rows = model[2:].reshape(int(model[1]), -1)
    distances = ((2 * x[:, None, :] - rows[None, :, 1:]) ** 2).sum(axis=2)
    at = distances.argmin(axis=1)
    return np.stack([rows[at, 0], distances.min(axis=1)], axis=1)


def bayes(model: Array, x: Array) -> Array:
    """Return the logarithm of each class's likelihood, less what all have in common, (samples, classes)."""
    rows = model[2:].reshape(int(model[1]), -1)
    squares = rows[None, :, 1::2] * (x[:, None, :] - rows[None, :, 2::2]) ** 2
    return np.asarray(rows[:, 0] - squares.sum(axis=2))


def mlp(model: Array, x: Array) -> Array:
    """Return the output of each class, (samples, classes)."""
    features, hidden, classes, shift = (int(n) for n in model[:4])
    end = 4 + hidden * (features + 1)
    first, second = model[4:end].reshape(hidden, -1), model[end:].reshape(classes, -1)
    inner = np.clip((first[:, 0] + x @ first[:, 1:].T) >> shift, 0, 127)
    return np.asarray(second[:, 0] + inner @ second[:, 1:].T)


OUTPUTS = {"logistic": linear, "svm": linear, "nearest": nearest, "bayes": bayes, "mlp": mlp}


def class_of(name: str, outputs: Array) -> Array:
    """Return the class that outputs mean."""
    return outputs[:, 0] if name == "nearest" else outputs.argmax(axis=1)
