"""What an ensemble of trees does for an inference: looked up in samples, or guessed from how it was trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mpy_harness.costs.stage import Stage
from mpy_harness.costs.trees import SHAPE, Ensemble
from mpy_harness.errors import ModelInvalid

_INT16 = np.iinfo(np.int16)
_WHOLE = 255  # of a leaf's share in bytes
_BITS = 256  # a quotient with more bits than these after the point counts as one that does not end


def tree_stage(model: Ensemble, samples: ArrayLike | None = None) -> Stage:
    """Return what an inference takes; what it visits is looked up in samples, of shape (n, features).

    Without samples, that is guessed from how many training samples of each class scikit-learn has seen in each node, or
    from the shape of the trees, which lets it be between the shortest ways through them and the longest.
    Raises ModelInvalid for samples that the device cannot have.
    """
    terms: dict[str, float] = {"run": 1, "class": model.classes, "tree": len(model.roots)}
    visited = _trained(model) if samples is None else _looked_up(walk(model, samples), model)
    terms |= {"node": visited.nodes, "voted": visited.voted, "fraction": visited.fractions}
    if model.leaf_bits:
        terms |= {"tree_class": len(model.roots) * model.classes, "share": visited.shares, "whole": visited.wholes}
    sizes = {"trees": len(model.roots), "nodes": len(model.nodes), "features": model.features, "classes": model.classes}
    return Stage(
        kind="trees_mean" if model.leaf_bits else "trees_vote", module="trees", text=model.name, terms=terms,
        sizes=sizes, heap=model.heap, data=model.data, guessed="" if samples is not None else model.source,
        extremes=_extremes(model, terms) if samples is None and model.source == SHAPE else (),
        about=model.about,
    )  # fmt: skip


def _extremes(model: Ensemble, terms: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the terms of an inference by the shortest way through each tree, and of one by the longest."""
    trees, most_voted = len(model.roots), model.classes if model.leaf_bits else min(model.classes, len(model.roots))
    shortest, longest = _ways(model)
    least = terms | {"node": shortest, "voted": 1, "fraction": 0}
    most = terms | {"node": longest, "voted": most_voted, "fraction": 0 if _divides_at_once(model) else most_voted}
    if model.leaf_bits:
        counts = np.count_nonzero(model.leaves, axis=1)
        least |= {"share": float(trees * counts.min())}
        most |= {"share": float(trees * counts.max())}
    return least, most


def _ways(model: Ensemble) -> tuple[float, float]:
    """Return how many decision nodes the shortest and the longest ways through all trees have."""
    least, most = np.zeros(len(model.nodes)), np.zeros(len(model.nodes))
    for number in range(len(model.nodes) - 1, -1, -1):  # children come after their parents
        below = [number + step for step in model.nodes[number, 2:].tolist() if step > 0]
        least[number] = 1 + (min(least[below]) if len(below) == 2 else 0)
        most[number] = 1 + max(most[below], default=0)
    return float(least[model.roots].sum()), float(most[model.roots].sum())


@dataclass(frozen=True)
class _Visited:
    """Means of an inference: decision nodes; shares of its leaves that are not 0, and that are 1; classes that get any.

    ``fractions``: of those classes, the ones whose mean over the trees takes a long division. Without an FPU, a library
    divides: at once by a power of two, otherwise until nothing is left or all bits are there.
    """

    nodes: float
    shares: float
    wholes: float
    voted: float
    fractions: float


@dataclass(frozen=True)
class Walk:
    """What samples do: ``nodes`` that each one visits, (samples,), and ``leaves`` it comes to, (samples, trees)."""

    nodes: NDArray[np.int64]
    leaves: NDArray[np.int64]


def walk(model: Ensemble, samples: ArrayLike) -> Walk:
    """Return what samples of shape (n, features) do on the device. Raises ModelInvalid where it cannot have them."""
    values = int16_samples(samples, model.features if model.is_all else _columns(samples, model.features))
    visits = np.zeros(len(values), np.int64)
    leaves = np.zeros((len(values), len(model.roots)), np.int64)
    nodes = model.nodes.astype(np.int64)
    for tree, root in enumerate(model.roots):
        at, walking = np.full(len(values), root, np.int64), np.arange(len(values))
        while walking.size:
            node = nodes[at[walking]]
            visits[walking] += 1
            below = values[walking, node[:, 0]] < node[:, 1]
            child = np.where(below, node[:, 2], node[:, 3])
            ended = child < 0
            leaves[walking[ended], tree] = -child[ended] - 1
            at[walking] += child
            walking = walking[~ended]
    return Walk(visits, leaves)


def _columns(samples: ArrayLike, least: int) -> int:
    array = np.asarray(samples)
    return max(least, array.shape[1]) if array.ndim == 2 else least


def predict(model: Ensemble, samples: ArrayLike) -> NDArray[np.int64]:
    """Return the number of each sample's class as the device gives it. Raises ModelInvalid."""
    return np.asarray(_sums(walk(model, samples), _table(model)).argmax(axis=1))


def int16_samples(samples: ArrayLike, features: int) -> NDArray[np.int16]:
    """Return samples as the device has them, of shape (n, features). Raises ModelInvalid where it cannot have them."""
    array = np.asarray(samples)
    if array.ndim != 2 or array.shape[1] != features or not len(array):
        raise ModelInvalid(f"samples must have the shape (n, {features}), as the model was trained, not {array.shape}.")
    is_whole = array.dtype.kind in "biuf" and bool((np.isfinite(array) & (array == np.trunc(array))).all())
    if not is_whole or array.min() < _INT16.min or array.max() > _INT16.max:
        raise ModelInvalid(
            "samples are not whole numbers from -32768 to 32767, and the device's features are int16: scale and round "
            "them before training, and give the same ones here."
        )
    return array.astype(np.int16)


def _table(model: Ensemble) -> NDArray[np.int64]:
    """Return the shares of classes of each leaf, in 255 parts, of shape (leaves, classes)."""
    if model.leaf_bits:
        return model.leaves.astype(np.int64)
    return _WHOLE * np.eye(model.classes, dtype=np.int64)[model.leaves[:, 0]]


def _sums(walked: Walk, table: NDArray[np.int64]) -> NDArray[np.int64]:
    sums = np.zeros((len(walked.leaves), table.shape[1]), np.int64)
    for leaf in walked.leaves.T:
        sums += table[leaf]
    return sums


def _looked_up(walked: Walk, model: Ensemble) -> _Visited:
    table = _table(model)
    sums = _sums(walked, table)
    quotients = _BITS * sums / (_WHOLE * len(model.roots))
    is_long = np.abs(quotients - np.rint(quotients)) > 1e-9
    return _Visited(
        nodes=float(walked.nodes.mean()),
        shares=float(np.count_nonzero(table, axis=1)[walked.leaves].sum(axis=1).mean()),
        wholes=float((table == _WHOLE).any(axis=1)[walked.leaves].sum(axis=1).mean()),
        voted=float(np.count_nonzero(sums, axis=1).mean()),
        fractions=0.0 if _divides_at_once(model) else float(is_long.sum(axis=1).mean()),
    )


def _divides_at_once(model: Ensemble) -> bool:
    return len(model.roots).bit_count() == 1


def _trained(model: Ensemble) -> _Visited:
    """Guess from the training samples in each node: those of one class go through each tree independently."""
    table = _table(model)
    children = model.nodes[:, 2:]
    shares = table[np.where(children < 0, -children - 1, 0)]
    classes = model.at_leaves.sum(axis=(0, 1)) / len(model.roots)
    none = np.ones((model.classes, model.classes))  # of samples of a class (rows) no tree, or each, votes for another
    each = np.ones((model.classes, model.classes))
    for first, last in zip(model.roots, [*model.roots[1:], len(model.nodes)], strict=True):
        came = model.at_leaves[first:last].reshape(-1, model.classes)
        share = shares[first:last].reshape(-1, model.classes)
        seen = np.maximum(came.sum(axis=0), np.finfo(float).tiny)[:, None]
        none *= 1 - np.minimum(came.T @ (share > 0) / seen, 1)
        each *= came.T @ (share == _WHOLE) / seen
    voted = float(classes @ (1 - none).sum(axis=1))
    came = model.at_leaves.sum(axis=2)
    return _Visited(
        nodes=float(model.at_nodes.sum()),
        shares=float((came * np.count_nonzero(shares, axis=2)).sum()),
        wholes=float((came * (shares == _WHOLE).any(axis=2)).sum()),
        voted=voted,
        fractions=0.0 if _divides_at_once(model) else max(0.0, voted - float(classes @ each.sum(axis=1))),
    )
