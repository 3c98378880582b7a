"""Make the network: ``python -m cases.classifiers.digits_28.train`` writes ``model.txt``.

Only the dense layer is trained, by ridge regression on what the filters give: one system of equations, so that the
integers of 8 bits that its solution is rounded to are the same wherever this runs. The first layer's filters are
Sobel's edges in four directions, the second's are random. That is enough for digits, and costs what a network costs
whose filters were trained.
"""

from __future__ import annotations

import numpy as np

from cases.classifiers.digits_28.vectors import CLASSES, FIRST, MODEL, SECOND, enlarged, features
from cases.classifiers.digits_small.vectors import pixels
from cases.signals import Array, generator

HEAD = """\
# 4 filters of 3x3, 8 filters of 3x3x4 and a dense layer for digits of 28x28 pixels, made by train.py: how many of the
# 540 held-out digits the dense layer in floats gets right; bias and weights of each filter of the first layer, of
# the second, and of each class.
"""
RIDGE = 1000.0


def main() -> None:
    """Write ``model.txt``."""
    MODEL.write_text(text(), encoding="utf-8")


def text() -> str:
    """Return what ``model.txt`` has to be."""
    train, held_out, train_class, classes = pixels()
    layers = [edges(), np.c_[np.zeros(SECOND), generator(140).integers(-64, 65, (SECOND, 9 * FIRST))].astype(int)]
    seen, held_out_seen = (np.c_[np.ones(len(x)), features(enlarged(x), layers)] for x in (train, held_out))
    wanted = np.where(np.arange(CLASSES) == train_class[:, None], 1.0, -1.0)
    limits = RIDGE * np.diag(np.r_[0.0, np.ones(seen.shape[1] - 1)])
    solution = np.linalg.solve(seen.T @ seen + limits, seen.T @ wanted).T
    right = int(((held_out_seen @ solution.T).argmax(axis=1) == classes).sum())
    layers.append(np.rint(solution * 127 / np.abs(solution[:, 1:]).max()).astype(int))
    lines = [str(right)] + [" ".join(map(str, row)) for rows in layers for row in rows]
    return HEAD + "\n".join(lines) + "\n"


def edges() -> Array:
    """Return Sobel's filter in four directions, with biases of 0: (4, 10)."""
    across, diagonal = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]]), np.array([[2, 1, 0], [1, 0, -1], [0, -1, -2]])
    turned = across, across.T, diagonal, diagonal[:, ::-1]
    return np.stack([np.r_[0, 16 * each.ravel()] for each in turned])


if __name__ == "__main__":
    main()
