"""Digits, a convolutional network that was trained once (model.txt), and what it gives in integers.

``weights`` are int8: 9 of each filter, row by row, then 72 of each class, in the order of the features: for
each of 3x3 places, row by row, the 8 filters. ``biases`` are int32: of the filters, then of the classes.
``shape`` has the shift after the first layer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.classifiers.digits_small.vectors import pixels
from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

MODEL = Path(__file__).with_name("model.txt")
SAMPLES, FILTERS, POOLED, CLASSES = 12, 8, 9, 10


def make() -> Made:
    """Return the network, some digits, the outputs for them, and how many of all digits are right."""
    _, held_out, _, classes = pixels()
    right, shift, first, second = read_model()
    x = held_out.astype(np.int64)
    scores = outputs(x, first, second, shift)
    return {
        "digits": {
            "weights": np.r_[first[:, 1:].ravel(), second[:, 1:].ravel()].astype(np.int8),
            "biases": np.r_[first[:, 0], second[:, 0]].astype(np.int32),
            "shape": np.array([shift], np.int32),
            "samples": x[:SAMPLES].astype(np.int8),
            "outputs": scores[:SAMPLES].astype(np.int32),
            "right": np.array([right, (scores.argmax(axis=1) == classes).sum()], np.int32),
        }
    }


def read_model() -> tuple[int, int, Array, Array]:
    """Return how many digits the network in floats gets right, the shift, and both layers: bias, weights."""
    lines = [line for line in MODEL.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = [np.array(list(map(int, line.split()))) for line in lines[2:]]
    return int(lines[0]), int(lines[1]), np.stack(rows[:FILTERS]), np.stack(rows[FILTERS:])


def patches(x: Array) -> Array:
    """Return what filters see of digits (n, 64): of 9 pooled places 4 patches of 3x3, (n, 9, 4, 9)."""
    windows = np.lib.stride_tricks.sliding_window_view(x.reshape(-1, 8, 8), (3, 3), axis=(1, 2))
    pairs = windows.reshape(-1, 3, 2, 3, 2, 9).transpose(0, 1, 3, 2, 4, 5)
    return np.ascontiguousarray(pairs.reshape(-1, POOLED, 4, 9))


def outputs(x: Array, first: Array, second: Array, shift: int) -> Array:
    """Return the score of each class, (n, 10), of integers."""
    sums = (first[:, 0] + patches(x) @ first[:, 1:].T).max(axis=2)
    features = np.clip(sums >> shift, 0, 127).reshape(len(x), -1)
    return np.asarray(second[:, 0] + features @ second[:, 1:].T)
