"""Digits of 28x28 pixels, a convolutional network (model.txt), and what it gives in integers and in floats.

The digits are scikit-learn's of 8x8 pixels, enlarged: the size is that of the images that most examples of
microcontrollers take, the content is not. ``weights`` are of the first layer's filters (4 of 3x3), of the second's
(8 of 3x3x4), and of the classes (200 each: 5x5 places of 8 filters), ``biases`` in the same order, ``shifts`` those
behind both layers of filters. Channels are the last axis everywhere. In floats, pixels and weights are the same numbers
divided by 127, biases by what fits to that, and there is no shift: the same network up to a scale.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.classifiers.digits_small.vectors import pixels
from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

MODEL = Path(__file__).with_name("model.txt")
SIDE, FIRST, SECOND, CLASSES = 28, 4, 8, 10
SHIFTS = (6, 8)
SAMPLES = 4
UNIT = 127
#: What 1 in integers is in floats, in the sums of each layer: pixels and weights are divided, shifts are not made.
STEPS = (127.0**-2, 2.0**6 * 127.0**-3, 2.0**14 * 127.0**-4)


def make() -> Made:
    """Return the network in both types, some digits, the outputs for them, and how many of all digits are right."""
    _, held_out, _, classes = pixels()
    right, layers = read_model()
    x = enlarged(held_out)
    scores = outputs(x, layers)
    pairs = zip(layers, STEPS, strict=True)
    floats = [np.c_[rows[:, :1] * step, rows[:, 1:] / UNIT].astype(np.float32) for rows, step in pairs]
    some = (x[:SAMPLES] / UNIT).astype(np.float32)
    exact, bounds = in_floats(some.astype(float), [rows.astype(float) for rows in floats])
    return {
        "int8": {
            "weights": weights_of(layers).astype(np.int8),
            "biases": biases_of(layers).astype(np.int32),
            "shifts": np.array(SHIFTS, np.int32),
            "samples": x[:SAMPLES].reshape(SAMPLES, -1).astype(np.int8),
            "outputs": scores[:SAMPLES].astype(np.int32),
            "right": np.array([right, (scores.argmax(axis=1) == classes).sum()], np.int32),
        },
        "float32": {
            "weights": weights_of(floats),
            "biases": biases_of(floats),
            "samples": some.reshape(SAMPLES, -1),
            "outputs": exact,
            "bounds": bounds,
        },
    }


def weights_of(layers: list[Array]) -> Array:
    """Return all layers' weights, one behind the other."""
    return np.concatenate([rows[:, 1:].ravel() for rows in layers])


def biases_of(layers: list[Array]) -> Array:
    """Return all layers' biases, one behind the other."""
    return np.concatenate([rows[:, 0] for rows in layers])


def read_model() -> tuple[int, list[Array]]:
    """Return how many digits the dense layer in floats gets right, and of each layer bias and weights, a row each."""
    lines = [line for line in MODEL.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = [np.array(list(map(int, line.split()))) for line in lines[1:]]
    ends = FIRST, FIRST + SECOND
    return int(lines[0]), [np.stack(rows[: ends[0]]), np.stack(rows[ends[0] : ends[1]]), np.stack(rows[ends[1] :])]


def enlarged(x: Array) -> Array:
    """Return digits (n, 64), 0 to 16, as (n, 28, 28, 1), 0 to 126: three times the size, linear in between."""
    spread = np.zeros((len(x), 22, 22), np.int64)
    spread[:, ::3, ::3] = x.reshape(-1, 8, 8)
    tent = [1, 2, 3, 2, 1]
    image = np.zeros((len(x), SIDE, SIDE, 1), np.int64)
    for row, a in enumerate(tent):
        for column, b in enumerate(tent):
            image[:, 1 + row : 23 + row, 1 + column : 23 + column, 0] += a * b * spread
    return image * 7 // 8


def patches(x: Array) -> Array:
    """Return what filters see of (n, side, side, channels): (n, pooled, pooled, 4, 9 * channels), by 2x2 places."""
    pooled = (x.shape[1] - 2) // 2
    seen = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))[:, : 2 * pooled, : 2 * pooled]
    rows = seen.transpose(0, 1, 2, 4, 5, 3).reshape(len(x), pooled, 2, pooled, 2, -1)
    return np.ascontiguousarray(rows.transpose(0, 1, 3, 2, 4, 5)).reshape(len(x), pooled, pooled, 4, -1)


def features(x: Array, layers: list[Array]) -> Array:
    """Return what comes out of both layers of filters, (n, 200), in integers."""
    for rows, shift in zip(layers, SHIFTS, strict=False):
        # Less than 2**53: float64 multiplies matrices of such integers exactly, and much faster.
        sums = (patches(x).astype(float) @ rows[:, 1:].T.astype(float)).max(axis=3).astype(np.int64) + rows[:, 0]
        x = np.clip(sums >> shift, 0, 127)
    return x.reshape(len(x), -1)


def outputs(x: Array, layers: list[Array]) -> Array:
    """Return the score of each class, (n, 10), in integers."""
    return np.asarray(layers[2][:, 0] + features(x, layers[:2]) @ layers[2][:, 1:].T)


def in_floats(x: Array, layers: list[Array]) -> tuple[Array, Array]:
    """Return the scores of (n, side, side, channels) in float64, (n, 10), and how far float32 may be from them.

    All layers but the last are filters, with ReLU and the greatest of each 2x2 places.

    A sum of n products is off by at most n half units of the sum of their sizes, in any order (N. J. Higham,
    Accuracy and Stability of Numerical Algorithms, section 3.1); what its inputs are off is weighted as they are.
    """
    off = np.zeros_like(x)
    for rows in layers[:-1]:
        sums, wrong = _sums(patches(x), patches(off), rows)
        x, off = np.maximum(sums.max(axis=3), 0), wrong.max(axis=3)
    return _sums(x.reshape(len(x), -1), off.reshape(len(x), -1), layers[-1])


def _sums(x: Array, off: Array, rows: Array) -> tuple[Array, Array]:
    sizes = np.abs(rows[:, 1:].T)
    half_units = (rows.shape[1] + 1) * 2.0**-24
    wrong = half_units * (np.abs(rows[:, 0]) + (np.abs(x) + off) @ sizes) + off @ sizes
    return rows[:, 0] + x @ rows[:, 1:].T, wrong
