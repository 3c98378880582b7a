"""Fitted models of scikit-learn, and pipelines that end with one, as the stages that a device runs for them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mpy_harness.costs import neighbours, small_models, trees
from mpy_harness.costs.network import dense, network_stage
from mpy_harness.costs.pipelines import Scaling, unwrapped
from mpy_harness.costs.stage import Stage
from mpy_harness.costs.tree_stage import tree_stage
from mpy_harness.costs.trees import LeafBits, ensemble
from mpy_harness.errors import ModelInvalid

LINEAR = (
    "LogisticRegression", "LinearSVC", "RidgeClassifier", "SGDClassifier", "Perceptron", "LinearRegression", "Ridge",
    "Lasso", "ElasticNet", "LinearSVR",
)  # fmt: skip
_FOLDED = "folded into the model"
_FOLDS = ("linear", "bayes", "mlp", "network_int8")  # stages whose weights or means take up any scaling
_NEIGHBOURS = "KNeighborsClassifier"
#: Why models whose classifiers are among those below cannot be estimated; emlearn 0.23 has no KNeighborsRegressor.
_NO_FORM = {
    "KNeighborsRegressor": "the native module of neighbours counts classes, and takes no means",
    **dict.fromkeys(
        ("DecisionTreeRegressor", "RandomForestRegressor", "ExtraTreesRegressor"),
        "leaves of the native module trees are classes, or shares of them",
    ),
}
_ONE_LAYER = 2  # numbers of neurons before the outputs: features, hidden


def estimator_stages(
    model: Any, name: str = "", samples: ArrayLike | None = None, leaf_bits: LeafBits = 0
) -> list[Stage]:
    """Return what an inference of a model takes. Raises ModelInvalid for what no native module runs.

    ``samples`` are for trees, which they lead through their nodes, and for neighbours, which they are compared with; of
    other models they have to have the features.
    """
    scaling, estimator = unwrapped(model, name or type(model).__name__)
    kind = type(estimator).__name__
    name = name or kind
    if kind in trees.CLASSIFIERS:
        grown = ensemble(estimator, leaf_bits, name, scaling)
        return [tree_stage(grown, samples)]
    if kind in _NO_FORM:
        raise ModelInvalid(f"{name}: {kind} has no native-module form here; {_NO_FORM[kind]}.")
    if kind not in _KINDS:
        raise ModelInvalid(f"{name}: no native module here runs {kind}; what can be estimated is {', '.join(KINDS)}.")
    _check(estimator, name)
    features = int(estimator.n_features_in_)
    if samples is not None and (np.ndim(samples) != 2 or np.shape(samples)[1] != features):
        raise ModelInvalid(
            f"samples must have the shape (n, {features}), as {name} was trained, not {np.shape(samples)}."
        )
    if kind == _NEIGHBOURS and estimator.n_neighbors != 1:
        stage = _neighbours(estimator, name, scaling, samples)
    else:
        stage = _KINDS[kind](estimator, name, scaling)
    if scaling is None or stage.kind in _FOLDS or scaling.is_uniform:
        return [stage]
    return [
        small_models.scaler(f"{name}: {', '.join(scaling.names)}", features, is_float=stage.kind == "svm_rbf"),
        stage,
    ]


def _check(estimator: Any, name: str) -> None:
    kernel = getattr(estimator, "kernel", "rbf")
    if kernel not in {"rbf", "linear"}:
        told = "of a function" if callable(kernel) else repr(kernel)
        raise ModelInvalid(f"{name} has the kernel {told}; native modules have 'rbf' and 'linear'.")
    if not hasattr(estimator, "n_features_in_"):
        raise ModelInvalid(f"{name} is not fitted: call fit() first.")
    arrays = [getattr(estimator, each, None) for each in ("coef_", "support_vectors_", "_fit_X")]
    if any(hasattr(each, "tocsr") for each in arrays):
        raise ModelInvalid(f"{name} is sparse, and native modules take dense arrays: densify() it, or fit it to those.")
    kind = getattr(getattr(estimator, "_label_binarizer", None), "y_type_", "")
    if isinstance(getattr(estimator, "classes_", None), list) or kind.startswith("multilabel"):
        raise ModelInvalid(f"{name} has several labels for a sample; native modules have one. Make a model of each.")


def _linear(estimator: Any, name: str, scaling: Scaling | None) -> Stage:
    if not hasattr(estimator, "coef_"):
        raise ModelInvalid(f"{name} is not fitted: call fit() first.")
    outputs, features = np.atleast_2d(estimator.coef_).shape
    return small_models.linear(name, features, outputs, _about(f"{outputs} outputs of {features} features", scaling))


def _nearest(estimator: Any, name: str, scaling: Scaling | None) -> Stage:
    prototypes, features = _kept(estimator, name)
    return _distances(name, features, prototypes, "samples", scaling)


def _neighbours(estimator: Any, name: str, scaling: Scaling | None, samples: ArrayLike | None) -> Stage:
    kept, features = _kept(estimator, name)
    words = f"{estimator.n_neighbors:,} neighbours among {kept:,} samples of {features} features"
    values = None if samples is None else np.asarray(samples, np.float64)
    if values is not None and scaling is not None:
        values = (values - scaling.offset) / scaling.scale
    return neighbours.neighbours_stage(estimator, name, values, _about(words, _uniform(scaling)))


def _kept(estimator: Any, name: str) -> tuple[int, int]:
    """Return how many samples a classifier by neighbours keeps, and of how many features."""
    metric, power = estimator.effective_metric_, getattr(estimator, "p", 2)
    if metric not in {"euclidean", "sqeuclidean"} and not (metric == "minkowski" and power == 2):
        raise ModelInvalid(f"{name} measures {metric} distances; the native module has euclidean ones.")
    samples, features = estimator._fit_X.shape  # noqa: SLF001 - scikit-learn has no other name for it
    return samples, features


def _centroids(estimator: Any, name: str, scaling: Scaling | None) -> Stage:
    clusters, features = estimator.cluster_centers_.shape
    return _distances(name, features, clusters, "centroids", scaling)


def _distances(name: str, features: int, places: int, what: str, scaling: Scaling | None) -> Stage:
    about = _about(f"the nearest of {places:,} {what} of {features} features", _uniform(scaling))
    return small_models.nearest(name, features, places, about)


def _gaussians(estimator: Any, name: str, scaling: Scaling | None) -> Stage:
    classes, features = estimator.theta_.shape
    about = _about(f"{classes} classes of {features} features, float32", scaling)
    return small_models.gaussians(name, features, classes, about)


def _machine(estimator: Any, name: str, scaling: Scaling | None) -> Stage:
    if estimator.kernel == "linear":
        return _linear(estimator, name, scaling)
    vectors, features = estimator.support_vectors_.shape
    pairs = _vectors_of_pairs(estimator)
    words = f"{vectors:,} support vectors of {features} features, float32"
    if len(pairs) > 1:
        words = f"{len(pairs)} pairs of classes, {sum(pairs):,} support vectors in all, {features} features, float32"
    return small_models.support_vectors(name, features, pairs, _about(words, _uniform(scaling)))


def _vectors_of_pairs(estimator: Any) -> list[int]:
    """Return how many support vectors decide between each pair of classes: of both, those with a weight there."""
    # dual_coef_ has for a vector of class i its weights against the other classes, in their order.
    ends = np.cumsum(estimator.n_support_)
    of_class = [
        np.count_nonzero(each, axis=1) for each in np.split(np.asarray(estimator.dual_coef_), ends[:-1], axis=1)
    ]
    return [int(of_class[i][j - 1] + of_class[j][i]) for i, j in combinations(range(len(of_class)), 2)]


def _layers(estimator: Any, name: str, scaling: Scaling | None) -> Stage:
    sizes = [estimator.coefs_[0].shape[0], *(each.shape[1] for each in estimator.coefs_)]
    if estimator.activation != "relu":
        raise ModelInvalid(f"{name} has the activation {estimator.activation!r}; the native module has 'relu'.")
    *inner, outputs = sizes
    words = f"{inner[0]} features, {', '.join(map(str, inner[1:]))} hidden neurons, {outputs} outputs"
    if len(inner) == _ONE_LAYER and inner[1] <= small_models.MOST_HIDDEN:
        return small_models.layers(name, inner[0], inner[1], outputs, _about(words, scaling))
    about = _about(f"{words}, weights of int8", scaling)
    return network_stage(name, [dense(*pair) for pair in pairwise(sizes)], "int8", about)


def _uniform(scaling: Scaling | None) -> Scaling | None:
    # What scales each feature in its own way cannot be folded into distances: it is a stage of its own.
    return scaling if scaling is not None and scaling.is_uniform else None


def _about(sizes: str, scaling: Scaling | None) -> str:
    return sizes + (f"; {', '.join(scaling.names)} {_FOLDED}" if scaling else "")


_KINDS: dict[str, Callable[[Any, str, Scaling | None], Stage]] = {
    **dict.fromkeys(LINEAR, _linear),
    "SVC": _machine,
    _NEIGHBOURS: _nearest,
    "GaussianNB": _gaussians,
    "KMeans": _centroids,
    "MiniBatchKMeans": _centroids,
    "MLPClassifier": _layers,
    "MLPRegressor": _layers,
}
#: The classes of scikit-learn whose models can be estimated, besides pipelines of scalers that end with one.
KINDS = (*trees.CLASSIFIERS, *_KINDS)
