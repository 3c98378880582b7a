"""Train a small network on digits and write it down: ``python -m cases.classifiers.digits_cnn.train``.

NumPy alone: cross-entropy, gradients by hand, momentum. ``model_float.txt`` has what is found, ``model.txt`` the same
in integers of 8 bits. Another processor may add up floats in another order, which makes a difference of 2e-15 at the
end: five decimals are the same everywhere.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.classifiers.digits_cnn.vectors import CLASSES, FILTERS, FLOAT_MODEL, MODEL, POOLED, patches
from cases.classifiers.digits_small.vectors import pixels
from cases.signals import Array, generator

HEAD = """\
# 8 filters of 3x3 and a dense layer for scikit-learn's digits, trained by train.py: how many of the 540
# held-out digits the network in floats gets right; the shift after the first layer; biases and weights of the
# filters, a line each; then those of the classes.
"""
FLOAT_HEAD = """\
# The network that train.py found, for pixels from 0 to 1, before it was put into integers (model.txt): how many of the
# 540 held-out digits it gets right; biases and weights of the filters, a line each; then those of the classes.
"""
EPOCHS, BATCH, MOMENTUM, DECAY = 60, 32, 0.9, 2e-4


def main() -> None:
    """Write both files."""
    for file, content in texts().items():
        file.write_text(content, encoding="utf-8")


def texts() -> dict[Path, str]:
    """Return what ``model.txt`` and ``model_float.txt`` have to be."""
    train, held_out, train_class, classes = pixels()
    first, second = trained(train / 16, train_class)
    right = int((forward(held_out / 16, first, second)[-1].argmax(axis=1) == classes).sum())
    floats = [" ".join(f"{number:.5f}" for number in row) for rows in (first, second) for row in rows]
    # Pixels as they are, 0 to 16, instead of 0 to 1: a bias is worth 16 times as much.
    rows = np.c_[16 * first[:, :1], first[:, 1:]]
    shift, first_rows, step = quantised(rows, train)
    scale = 127 / np.abs(second[:, 1:]).max()
    second_rows = np.rint(np.c_[second[:, :1] * scale * 16 / step, second[:, 1:] * scale]).astype(int)
    integers = [" ".join(map(str, row)) for rows in (first_rows, second_rows) for row in rows]
    return {
        MODEL: HEAD + "\n".join([str(right), str(shift), *integers, ""]),
        FLOAT_MODEL: FLOAT_HEAD + "\n".join([str(right), *floats, ""]),
    }


def trained(x: Array, classes: Array) -> tuple[Array, Array]:
    """Return biases and weights of the filters, (8, 10), and of the classes, (10, 73)."""
    random = generator(60)
    first = np.c_[np.zeros(FILTERS), 0.3 * random.standard_normal((FILTERS, 9))]
    second = np.c_[np.zeros(CLASSES), 0.1 * random.standard_normal((CLASSES, FILTERS * POOLED))]
    layers = [first, second]
    speeds = [np.zeros_like(each) for each in layers]
    for epoch in range(EPOCHS):
        rate = 0.05 * 0.95**epoch
        for part in np.array_split(random.permutation(len(x)), len(x) // BATCH):
            for at, slope in enumerate(slopes(x[part], classes[part], *layers)):
                speeds[at] = MOMENTUM * speeds[at] - rate * (slope + DECAY * layers[at])
                layers[at] = layers[at] + speeds[at]
    return layers[0], layers[1]


def forward(x: Array, first: Array, second: Array) -> tuple[Array, Array, Array, Array]:
    """Return patches, the filters' sums by place (n, 9, 4, 8), pooled features (n, 72), scores (n, 10)."""
    cut = patches(x)
    sums = first[:, 0] + cut @ first[:, 1:].T
    pooled = np.maximum(sums.max(axis=2), 0).reshape(len(x), -1)
    return cut, sums, pooled, second[:, 0] + pooled @ second[:, 1:].T


def slopes(x: Array, classes: Array, first: Array, second: Array) -> tuple[Array, Array]:
    """Return the gradients of the mean cross-entropy by both layers."""
    cut, sums, pooled, scores = forward(x, first, second)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[np.arange(len(x)), classes] -= 1
    shares /= len(x)
    of_second = np.c_[shares.sum(axis=0), shares.T @ pooled]
    back = (shares @ second[:, 1:] * (pooled > 0)).reshape(len(x), POOLED, FILTERS)
    # Of four places only the greatest has an effect.
    at = sums.argmax(axis=2)
    chosen = np.take_along_axis(cut, at[:, :, :, None], 2)
    of_weights = np.einsum("npf,npfw->fw", back, chosen)
    return np.c_[back.sum(axis=(0, 1)), of_weights], of_second


def quantised(rows: Array, train: Array) -> tuple[int, Array, float]:
    """Return a shift, the filters as integers, and what a step of the features is in sums of the floats."""
    scale = 127 / np.abs(rows[:, 1:]).max()
    whole = np.rint(rows * scale).astype(int)
    sums = whole[:, 0] + patches(train) @ whole[:, 1:].T
    shift = max(0, int(np.ceil(np.log2(sums.max() / 127))))
    return shift, whole, 2**shift / scale


if __name__ == "__main__":
    main()
