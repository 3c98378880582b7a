"""Windows and a stream of words that are made up, a network that was trained once (model.txt), and what it gives.

``weights`` are int8: 60 of each filter, frame by frame, then 56 of each class, in the order of the features: for each
of seven places the 8 filters. ``biases`` are int32: of the filters, then of the classes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.pipeline.keyword import speech
from cases.signals import SEED, Array, Made
from cases.transforms.melspec import workload as melspec

__all__ = ["SEED", "make"]

MODEL = Path(__file__).with_name("model.txt")
BANDS, FILTERS, SEEN, POOLED = 20, 8, 60, 7
#: What is taken from a logarithm, and by what the rest is multiplied.
SCALE = (14.0, 8.0)
SAMPLES = 6
#: Which random numbers, and how many windows of each class.
TRAINED, HELD_OUT = (1, 80), (2, 40)
STREAM = ("ia", "ai", "ua")


def make() -> Made:
    """Return the network, some windows with their scores, how many of all are right, and a stream."""
    x, classes = speech.windows(*HELD_OUT)
    right, shift, first, second = read_model()
    features = quantised(logarithms(x))
    scores = outputs(features, first, second, shift)
    return {
        "words": {
            "weights": np.r_[first[:, 1:].ravel(), second[:, 1:].ravel()].astype(np.int8),
            "biases": np.r_[first[:, 0], second[:, 0]].astype(np.int32),
            "shape": np.array([shift], np.int32),
            "windows": features[:SAMPLES].reshape(SAMPLES, -1).astype(np.int8),
            "scores": scores[:SAMPLES].astype(np.int32),
            "right": np.array([right, (scores.argmax(axis=1) == classes).sum(), len(classes)], np.int32),
            "stream": speech.stream(3, STREAM, 4096),
        }
    }


def logarithms(x: Array) -> Array:
    """Return the log-mel spectrum of samples (..., frames * FRAME), as (..., frames, BANDS), in float64."""
    made = melspec.tables()
    frames = x.reshape(*x.shape[:-1], -1, speech.FRAME)
    power = np.abs(np.fft.rfft(frames * made.window)) ** 2 @ made.triangles.T
    return np.asarray(np.log(np.maximum(power, melspec.LEAST)))


def quantised(logs: Array) -> Array:
    """Return logarithms as integers of 8 bits, halves up."""
    middle, factor = SCALE
    return np.clip(np.floor((logs - middle) * factor + 0.5), -128, 127).astype(np.int64)


def read_model() -> tuple[int, int, Array, Array]:
    """Return how many windows the network in floats gets right, the shift, and both layers: bias, weights."""
    lines = [line for line in MODEL.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = [np.array(list(map(int, line.split()))) for line in lines[2:]]
    return int(lines[0]), int(lines[1]), np.stack(rows[:FILTERS]), np.stack(rows[FILTERS:])


def patches(x: Array) -> Array:
    """Return what filters see of features (n, 16, 20): of 7 pooled places two patches, (n, 7, 2, 60)."""
    at = np.arange(2 * POOLED)
    cut = np.concatenate([x[:, at + frame] for frame in range(3)], axis=2)
    return cut.reshape(len(x), POOLED, 2, SEEN)


def outputs(x: Array, first: Array, second: Array, shift: int) -> Array:
    """Return the score of each class, (n, 4), of integers."""
    sums = (first[:, 0] + patches(x) @ first[:, 1:].T).max(axis=2)
    features = np.clip(sums >> shift, 0, 127).reshape(len(x), -1)
    return np.asarray(second[:, 0] + features @ second[:, 1:].T)
