"""The small models whose costs are measured: linear, nearest, neighbours, Gaussians, support vectors, a hidden layer.

They are trained on data that scikit-learn carries and made into arrays of ``cases/classifiers``, whole numbers where
those are. Features are those with the greatest variance.
"""

from __future__ import annotations

import warnings
from collections.abc import Container, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docs.costed_models import RUNS, SEED, Case, array_case, is_held_out
from mpy_harness.costs import small_models
from mpy_harness.costs.estimators import estimator_stages

Array = NDArray[Any]

# Data, how many of its features, and a number: what it says is below.
LINEAR = (
    ("iris", 2, 3), ("iris", 4, 3), ("wine", 5, 3), ("wine", 13, 3), ("breast_cancer", 4, 1), ("breast_cancer", 30, 1),
    ("digits", 8, 10), ("digits", 16, 10), ("digits", 24, 10), ("digits", 64, 10), ("digits", 40, 10), ("wine", 9, 3),
)  # fmt: skip
NEAREST = (
    ("iris", 4, 3), ("iris", 4, 105), ("wine", 13, 8), ("wine", 6, 124), ("breast_cancer", 30, 4),
    ("breast_cancer", 12, 40), ("digits", 16, 20), ("digits", 64, 10), ("digits", 64, 40), ("digits", 32, 100),
    ("digits", 64, 160), ("iris", 2, 12),
)  # fmt: skip
NEIGHBOURS = (  # the number is k
    ("iris", 2, 3), ("iris", 4, 5), ("wine", 13, 2), ("wine", 6, 7), ("breast_cancer", 4, 15), ("breast_cancer", 30, 3),
    ("breast_cancer", 10, 9), ("digits", 8, 4), ("digits", 16, 5), ("digits", 32, 3), ("digits", 64, 7),
    ("iris", 3, 25), ("wine", 9, 11), ("breast_cancer", 20, 5), ("digits", 4, 30), ("wine", 2, 4),
    ("breast_cancer", 15, 21), ("digits", 24, 2), ("wine", 11, 40), ("iris", 4, 12),
)  # fmt: skip
GAUSSIANS = (
    ("iris", 2, 3), ("iris", 4, 3), ("wine", 5, 3), ("wine", 13, 3), ("breast_cancer", 4, 2), ("breast_cancer", 30, 2),
    ("digits", 8, 10), ("digits", 16, 10), ("digits", 32, 10), ("digits", 48, 10), ("breast_cancer", 15, 2),
    ("digits", 24, 10),
)  # fmt: skip
VECTORS = (  # the number is 10 times the penalty C
    ("iris", 2, 100), ("iris", 4, 10), ("wine", 5, 10), ("wine", 13, 100), ("breast_cancer", 4, 10),
    ("breast_cancer", 10, 10), ("breast_cancer", 20, 100), ("breast_cancer", 30, 1), ("digits", 16, 10),
    ("digits", 32, 10), ("digits", 24, 5), ("wine", 9, 1000),
)  # fmt: skip
LAYERS = (
    ("iris", 4, 4), ("iris", 2, 16), ("wine", 13, 8), ("wine", 6, 32), ("breast_cancer", 30, 6),
    ("breast_cancer", 10, 20), ("digits", 16, 16), ("digits", 64, 8), ("digits", 64, 24), ("digits", 32, 48),
    ("digits", 24, 100), ("breast_cancer", 30, 40),
)  # fmt: skip
SCALED = (2, 4, 13, 30, 64, 8, 20, 100, 6, 45, 3, 16)  # features


def small_cases(names: Container[str] | None = None) -> Iterator[Case]:
    """Return the small models of these names, or all."""
    for make, sizes in (
        (_linear, LINEAR), (_nearest, NEAREST), (_neighbours, NEIGHBOURS), (_gaussians, GAUSSIANS),
        (_machine, VECTORS), (_layers, LAYERS),
    ):  # fmt: skip
        for number, (data, features, size) in enumerate(sizes):
            name = f"{make.__name__[1:]} {data}, {features} features, {size}"
            if names is None or name in names:
                yield make(name, is_held_out(number), data, features, size)
    for number, features in enumerate(SCALED):
        for dtype in ("float32", "int16"):
            name = f"scale {features} features, {dtype}"
            if names is None or name in names:
                yield _scaled(name, number, features, is_float=dtype == "float32")


def _scaled(name: str, number: int, features: int, *, is_float: bool) -> Case:
    random = np.random.default_rng(SEED + number)
    samples, dtype = random.normal(200, 80, (RUNS, features)), np.float32 if is_float else np.int16
    table = np.stack([random.normal(200, 20, features), random.uniform(0.1, 9, features)], axis=1).astype(np.float32)
    stage = small_models.scaler(name, features, is_float=is_float)
    return array_case(
        name, is_held_out(number), stage, "scaled", table.ravel(), samples.astype(dtype), np.zeros(features, dtype)
    )


def _samples(data: str, features: int) -> tuple[Array, Array, Array]:
    """Return samples to train with, their classes, and some others; integers of up to 100."""
    import sklearn.datasets as sets
    from sklearn.model_selection import train_test_split

    values, classes = getattr(sets, f"load_{data}")(return_X_y=True)
    span = np.ptp(values, axis=0)
    scaled = np.rint((values - values.min(axis=0)) / np.where(span, span, 1) * 100).astype(np.int16)
    kept = np.sort(np.argsort(-scaled.var(axis=0), kind="stable")[:features])
    train, rest, train_class, _ = train_test_split(
        scaled[:, kept], classes, test_size=0.3, random_state=1, stratify=classes
    )
    return train, train_class, rest[:RUNS]


def _whole(rows: Array) -> Array:
    return np.rint(rows * (127 / np.abs(rows[:, 1:]).max())).clip(-32768, 32767)


def _linear(name: str, held_out: bool, data: str, features: int, outputs: int) -> Case:
    from sklearn.linear_model import LogisticRegression

    train, classes, rest = _samples(data, features)
    estimator = LogisticRegression(max_iter=5000, C=1e-4).fit(train, classes)
    rows = _whole(np.c_[estimator.intercept_, estimator.coef_])
    assert len(rows) == outputs
    model = np.r_[features, outputs, rows.ravel()].astype(np.int16)
    (stage,) = estimator_stages(estimator, name)
    return array_case(name, held_out, stage, "linear", model, rest, np.zeros(outputs, np.int32))


def _nearest(name: str, held_out: bool, data: str, features: int, places: int) -> Case:
    from sklearn.cluster import KMeans
    from sklearn.neighbors import KNeighborsClassifier

    train, classes, rest = _samples(data, features)
    estimator: Any
    if places == len(train):
        estimator = KNeighborsClassifier(1).fit(train, classes)
        rows = np.c_[classes, 2 * train]
    else:
        estimator = KMeans(places, n_init=1, random_state=1).fit(train)
        rows = np.c_[np.arange(places), np.rint(2 * estimator.cluster_centers_)]
    model = np.r_[features, places, rows.ravel()].astype(np.int16)
    (stage,) = estimator_stages(estimator, name)
    return array_case(name, held_out, stage, "nearest", model, rest, np.zeros(2, np.int32))


def _neighbours(name: str, held_out: bool, data: str, features: int, k: int) -> Case:
    from sklearn.neighbors import KNeighborsClassifier

    train, classes, rest = _samples(data, features)
    kept = min(len(train), 8000 // (features + 1))  # of what there is room for
    estimator = KNeighborsClassifier(k).fit(train[:kept], classes[:kept])
    model = np.r_[features, kept, k, np.c_[classes, train][:kept].ravel()].astype(np.int16)
    (stage,), (guessed,) = (estimator_stages(estimator, name, each) for each in (rest, None))
    case = array_case(name, held_out, stage, "classify", model, rest, np.zeros(1 + 2 * k, np.int32))
    return replace(case, guessed=guessed)


def _gaussians(name: str, held_out: bool, data: str, features: int, classes: int) -> Case:
    from sklearn.naive_bayes import GaussianNB

    train, train_class, rest = _samples(data, features)
    estimator = GaussianNB(var_smoothing=0.01).fit(train, train_class)
    pairs = np.stack([0.5 / estimator.var_, estimator.theta_], axis=2).reshape(classes, -1)
    share = np.log(estimator.class_prior_) - 0.5 * np.log(estimator.var_).sum(axis=1)
    model = np.r_[features, classes, np.c_[share, pairs].ravel()].astype(np.float32)
    (stage,) = estimator_stages(estimator, name)
    return array_case(name, held_out, stage, "bayes", model, rest, np.zeros(classes, np.float32))


def _machine(name: str, held_out: bool, data: str, features: int, penalty: int) -> Case:
    from sklearn.svm import SVC

    train, classes, rest = _samples(data, features)
    estimator = SVC(C=penalty / 10).fit(train / 100, classes == classes.max() // 2)
    rows = np.c_[estimator.dual_coef_[0], estimator.support_vectors_]
    sizes = features, len(rows), estimator._gamma, estimator.intercept_[0]
    model = np.r_[sizes, rows.ravel()].astype(np.float32)
    (stage,) = estimator_stages(estimator, name)
    return array_case(name, held_out, stage, "decide", model, (rest / 100).astype(np.float32), np.zeros(1, np.float32))


def _layers(name: str, held_out: bool, data: str, features: int, hidden: int) -> Case:
    from sklearn.neural_network import MLPClassifier

    train, classes, rest = _samples(data, features)
    estimator = MLPClassifier((hidden,), max_iter=8, alpha=0.1, random_state=1)
    with warnings.catch_warnings():  # it need not converge: what a run takes does not depend on it
        warnings.simplefilter("ignore")
        estimator.fit(train, classes)
    first, second = (np.c_[b, w.T] for b, w in zip(estimator.intercepts_, estimator.coefs_, strict=True))
    sums = _whole(first) @ np.c_[np.ones(len(train)), train].T
    shift = max(0, int(np.ceil(np.log2(max(1, sums.max()) / 127))))
    numbers = (features, hidden, len(second), shift, *_whole(first).ravel(), *_whole(second).ravel())
    (stage,) = estimator_stages(estimator, name)
    return array_case(
        name, held_out, stage, "mlp", np.array(numbers).astype(np.int16), rest, np.zeros(len(second), np.int32)
    )
