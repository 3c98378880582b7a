"""Digits, a convolutional network that was trained once, and what it gives in integers and in floats.

``digits`` are the integers (model.txt), ``digits_float32`` the floats that these were made of (model_float.txt).

``weights`` are int8: 9 of each filter, row by row, then 72 of each class, in the order of the features: for
each of 3x3 places, row by row, the 8 filters. ``biases`` are int32: of the filters, then of the classes.
``shape`` has the shift after the first layer. In floats, pixels are divided by 16, and there is no shift; ``bounds`` is
how far an output may be off.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.classifiers.digits_28.vectors import biases_of, in_floats, weights_of
from cases.classifiers.digits_small.vectors import pixels
from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

MODEL = Path(__file__).with_name("model.txt")
FLOAT_MODEL = Path(__file__).with_name("model_float.txt")
SAMPLES, FILTERS, POOLED, CLASSES = 12, 8, 9, 10


def make() -> Made:
    """Return the network in both types, some digits, the outputs for them, and how many of all digits are right."""
    _, held_out, _, classes = pixels()
    (right, shift), layers = read_model(MODEL)
    x = held_out.astype(np.int64)
    scores = outputs(x, layers[0].astype(int), layers[1].astype(int), shift)
    (float_right,), floats = read_model(FLOAT_MODEL)
    floats = [rows.astype(np.float32) for rows in floats]
    exact, bounds = in_floats(held_out.reshape(-1, 8, 8, 1) / 16, [rows.astype(float) for rows in floats])
    return {
        "digits": {
            "weights": weights_of(layers).astype(np.int8),
            "biases": biases_of(layers).astype(np.int32),
            "shape": np.array([shift], np.int32),
            "samples": x[:SAMPLES].astype(np.int8),
            "outputs": scores[:SAMPLES].astype(np.int32),
            "right": np.array([right, (scores.argmax(axis=1) == classes).sum()], np.int32),
        },
        "digits_float32": {
            "weights": weights_of(floats),
            "biases": biases_of(floats),
            "samples": (held_out[:SAMPLES] / 16).astype(np.float32),
            "outputs": exact[:SAMPLES],
            "bounds": bounds[:SAMPLES],
            "right": np.array([float_right, (exact.argmax(axis=1) == classes).sum()], np.int32),
        },
    }


def read_model(file: Path) -> tuple[list[int], list[Array]]:
    """Return the numbers before the rows (how many digits are right, and a shift), and both layers: bias, weights."""
    lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    first = [int(word) for line in lines for word in line if len(line) == 1]
    rows = [np.array([float(word) for word in line]) for line in lines if len(line) > 1]
    layers = [np.stack(rows[:FILTERS]), np.stack(rows[FILTERS:])]
    return first, layers


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
