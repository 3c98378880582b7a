"""Train small models of digits and write them down: ``python -m cases.classifiers.digits_small.train``.

Another version of scikit-learn finds other numbers, so they are found once, and ``models.txt`` has them, as integers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from cases.classifiers.digits_small.vectors import MODELS, pixels
from cases.signals import SEED, Array

HEAD = """\
# Small models of scikit-learn's digits, trained by train.py with scikit-learn {version}. Of each: its name, how many of
# the 540 held-out digits scikit-learn's own model gets right, then its numbers as vectors.py says, {width} a line.
"""
HIDDEN, PROTOTYPES, WIDTH = 24, 40, 32
STATE = SEED % 2**31


def main() -> None:
    """Write ``models.txt``."""
    import sklearn

    lines = []
    for name, right, numbers in trained():
        lines.append(f"{name} {right}")
        words = [str(int(number)) for number in numbers]
        lines += [" ".join(words[at : at + WIDTH]) for at in range(0, len(words), WIDTH)]
    MODELS.write_text(HEAD.format(version=sklearn.__version__, width=WIDTH) + "\n".join(lines) + "\n", encoding="utf-8")


def trained() -> Iterator[tuple[str, int, Array]]:
    """Return the models with the number of digits that are right."""
    train, held_out, train_class, classes = pixels()
    for name, model in (
        ("logistic", LogisticRegression(max_iter=2000, C=0.05)),
        ("svm", LinearSVC(C=0.005, dual=False, random_state=STATE)),
    ):
        model.fit(train, train_class)
        rows = np.c_[model.intercept_, model.coef_]
        yield name, right(model.predict(held_out), classes), np.r_[64, 10, scaled(rows, 127).ravel()]
    means = KMeans(PROTOTYPES, n_init=4, random_state=STATE).fit(train)
    owners = [np.bincount(train_class[means.labels_ == k], minlength=10).argmax() for k in range(PROTOTYPES)]
    nearest = np.asarray(owners)[means.predict(held_out)]
    # Of twice the pixels' size, so that half a step is left of the means.
    rows = np.c_[owners, np.rint(2 * means.cluster_centers_)]
    yield "nearest", right(nearest, classes), np.r_[64, PROTOTYPES, rows.ravel()]
    bayes = GaussianNB(var_smoothing=0.01).fit(train, train_class)
    # Of a Gaussian: mean and variance in 1/64, and the logarithm of the class's share in 1/1024.
    pairs = np.stack([np.rint(64 * bayes.theta_), np.maximum(1, np.rint(64 * bayes.var_))], axis=2).reshape(10, -1)
    rows = np.c_[np.rint(1024 * np.log(bayes.class_prior_)), pairs]
    yield "bayes", right(bayes.predict(held_out), classes), np.r_[64, 10, rows.ravel()]
    layers = MLPClassifier((HIDDEN,), max_iter=400, alpha=0.1, random_state=STATE).fit(train, train_class)
    yield "mlp", right(layers.predict(held_out), classes), np.r_[64, HIDDEN, 10, quantised(layers, train)]


def right(predicted: Array, classes: Array) -> int:
    """Return how many are right."""
    return int((predicted == classes).sum())


def scaled(rows: Array, most: int) -> Array:
    """Return biases and weights as integers of one scale, the greatest weight ``most``."""
    return np.rint(rows * (most / np.abs(rows[:, 1:]).max())).astype(int)


def quantised(layers: MLPClassifier, train: Array) -> Array:
    """Return a shift, then the rows of both layers: a neuron's bias and weights, weights of 8 bits."""
    first, second = (np.c_[bias, weights.T] for bias, weights in zip(layers.intercepts_, layers.coefs_, strict=True))
    scale = 127 / np.abs(first[:, 1:]).max()
    sums = np.rint(first * scale) @ np.c_[np.ones(len(train)), train].T
    shift = max(0, int(np.ceil(np.log2(sums.max() / 127))))
    # What comes out of the first layer is in steps of 2**shift / scale; so is the second bias, in those of its weights.
    step = 2**shift / scale
    weights = 127 / np.abs(second[:, 1:]).max()
    second = np.c_[second[:, :1] * weights / step, second[:, 1:] * weights]
    return np.r_[shift, np.rint(first * scale).ravel(), np.rint(second).ravel()]


if __name__ == "__main__":
    main()
