"""Train a small network on words and write it down: ``python -m cases.pipeline.keyword.train``.

NumPy alone: cross-entropy, gradients by hand, momentum. The result is the same to the bit wherever this runs. What
is added up are multiples of a power of two that is so great that each sum is exact in float64: then neither its order
nor a multiplication that is fused with an addition matters, so nor do the processor and the library of linear algebra.
"""

from __future__ import annotations

import numpy as np

from cases.pipeline.keyword import speech
from cases.pipeline.keyword.vectors import (
    FILTERS,
    HELD_OUT,
    MODEL,
    POOLED,
    SEEN,
    TRAINED,
    logarithms,
    patches,
    quantised,
)
from cases.signals import Array, generator

HEAD = """\
# 8 filters over three frames and a dense layer for words that are made up, trained by train.py: how many of the
# {windows} held-out windows the network in floats gets right; the shift after the first layer; biases and weights of
# the filters, a line each; then those of the classes.
"""
EPOCHS, BATCH, MOMENTUM, DECAY, RATE = 30, 32, 0.875, 2.0**-11, 2.0**-5
CLASSES = len(speech.WORDS)
#: Features are up to 128; the network in floats sees them up to 2.
UNIT = 64


def main() -> None:
    """Write ``model.txt``."""
    MODEL.write_text(text(), encoding="utf-8")


def text() -> str:
    """Return what ``model.txt`` has to be."""
    sounds, classes = speech.windows(*TRAINED)
    x = quantised(logarithms(sounds))
    first, second = trained(x / UNIT, classes)
    held_out, held_out_classes = speech.windows(*HELD_OUT)
    scores = forward(patches(quantised(logarithms(held_out)) / UNIT), first, second)[-1]
    right = int((scores.argmax(axis=1) == held_out_classes).sum())
    # Features as they are, up to 128: a bias is worth 64 times as much.
    shift, first_rows, step = integers(np.c_[UNIT * first[:, :1], first[:, 1:]], x)
    scale = 127 / np.abs(second[:, 1:]).max()
    second_rows = np.rint(np.c_[second[:, :1] * scale * UNIT / step, second[:, 1:] * scale]).astype(int)
    lines = [str(right), str(shift)]
    lines += [" ".join(map(str, row)) for rows in (first_rows, second_rows) for row in rows]
    return HEAD.format(windows=len(held_out)) + "\n".join(lines) + "\n"


def exact(values: Array, bits: int) -> Array:
    """Return the nearest multiples of 2**-bits."""
    return np.asarray(np.rint(values * 2.0**bits) / 2.0**bits)


def trained(x: Array, classes: Array) -> tuple[Array, Array]:
    """Return biases and weights of the filters, (8, 61), and of the classes, (4, 57)."""
    random = generator(132)
    first = np.c_[np.zeros(FILTERS), 0.15 * random.standard_normal((FILTERS, SEEN))]
    second = np.c_[np.zeros(CLASSES), 0.15 * random.standard_normal((CLASSES, FILTERS * POOLED))]
    layers = [exact(first, 30), exact(second, 30)]
    speeds = [np.zeros_like(each) for each in layers]
    cut = patches(x)
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 ** (epoch // 10)
        for part in np.array_split(random.permutation(len(x)), len(x) // BATCH):
            for at, slope in enumerate(slopes(cut[part], classes[part], *(exact(each, 12) for each in layers))):
                speeds[at] = MOMENTUM * speeds[at] - rate * (slope / BATCH + DECAY * layers[at])
                # Weights are limited, so that their number of bits is.
                layers[at] = np.clip(layers[at] + speeds[at], -8, 8)
    return exact(layers[0], 12), exact(layers[1], 12)


def forward(cut: Array, first: Array, second: Array) -> tuple[Array, Array, Array]:
    """Return the filters' sums by place (n, 7, 2, 8), pooled features (n, 56), scores (n, 4).

    Sums of 60 products of 8 and 16 bits, and of 56 of 18 and 16 bits: less than the 53 bits of float64.
    """
    sums = first[:, 0] + cut @ first[:, 1:].T
    pooled = exact(np.maximum(sums.max(axis=2), 0), 8).reshape(len(cut), -1)
    return sums, pooled, second[:, 0] + pooled @ second[:, 1:].T


def slopes(cut: Array, classes: Array, first: Array, second: Array) -> tuple[Array, Array]:
    """Return the gradients of the cross-entropy by both layers, sums over the windows."""
    sums, pooled, scores = forward(cut, first, second)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    total = shares[:, 0].copy()
    for number in range(1, CLASSES):
        total += shares[:, number]
    wrong = exact(shares / total[:, None], 16)
    wrong[np.arange(len(cut)), classes] -= 1
    of_second = np.c_[wrong.sum(axis=0), wrong.T @ pooled]
    back = exact(wrong @ second[:, 1:] * (pooled > 0), 16).reshape(len(cut), POOLED, FILTERS)
    # Of two places only the greater has an effect.
    at = sums.argmax(axis=2)
    chosen = np.take_along_axis(cut, at[:, :, :, None], 2)
    of_weights = np.einsum("npf,npfw->fw", back, chosen)
    return np.c_[back.sum(axis=(0, 1)), of_weights], of_second


def integers(rows: Array, x: Array) -> tuple[int, Array, float]:
    """Return a shift, the filters as integers, and what a step of the features is in sums of the floats."""
    scale = 127 / np.abs(rows[:, 1:]).max()
    whole = np.rint(rows * scale).astype(int)
    sums = whole[:, 0] + patches(x) @ whole[:, 1:].T
    shift = int(sums.max() // 127).bit_length()
    return shift, whole, 2**shift / scale


if __name__ == "__main__":
    main()
