"""Ensembles of decision trees: scikit-learn's, as emlearn gives them to ``natmods/trees``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mpy_harness.costs.pipelines import Scaling
from mpy_harness.costs.stage import heap_bytes
from mpy_harness.errors import ModelInvalid

#: 0: each leaf has a class, trees vote, which is emlearn's default. 8: a share of each class, trees are averaged.
LeafBits = Literal[0, 8]

CLASSIFIERS = ("DecisionTreeClassifier", "RandomForestClassifier", "ExtraTreesClassifier")
#: Where scikit-learn's trees know from how often each node is visited.
TRAINING = "the training samples in each node"
#: Where nothing but the trees themselves tells it.
SHAPE = "the shape of the trees, as if each decision halved the samples"
# trees.c and eml_trees.h: EmlTreesNode, int32_t of a root, model_obj_t; and what they have room for.
_NODE, _ROOT, _OBJECT = 8, 4, 32
_MOST = {"features": 127, "classes": 30, "decision nodes": 32767, "leaves": 32767}
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True)
class Ensemble:
    """The arrays of ``trees.new``: ``nodes`` (decision nodes, 4), ``roots``, ``leaves`` (leaves, 1 or classes).

    ``at_nodes`` is how many of its tree's training samples came to each decision node, as a share of 1, ``at_leaves``
    how many of each class came to which of its two children, where that is a leaf: (decision nodes, 2, classes).
    ``source`` says what these two are from. ``is_all``: ``features`` are all that samples have, not only the last one
    that is asked for.
    """

    name: str
    nodes: NDArray[np.int16]
    roots: NDArray[np.int32]
    leaves: NDArray[np.uint8]
    features: int
    classes: int
    leaf_bits: LeafBits
    at_nodes: NDArray[np.float64]
    at_leaves: NDArray[np.float64]
    source: str = TRAINING
    is_all: bool = True

    @property
    def about(self) -> str:
        """Return the model's sizes in words."""
        how = "shares are averaged (leaf bits 8)" if self.leaf_bits else "trees vote (leaf bits 0)"
        return (
            f"{len(self.roots):,} trees, {len(self.nodes):,} decision nodes, {len(self.leaves):,} leaves, "
            f"{self.features} features, {self.classes} classes; {how}"
        )

    @property
    def heap(self) -> int:
        """Return the bytes of ``trees.new``'s model in the guest's heap."""
        return heap_bytes(_OBJECT, _NODE * len(self.nodes), _ROOT * len(self.roots), self.leaves.size)

    @property
    def data(self) -> int:
        """Return the bytes of the three arrays that the model is made of."""
        return self.nodes.nbytes + self.roots.nbytes + self.leaves.nbytes


def ensemble(estimator: Any, leaf_bits: LeafBits = 0, name: str = "", scaling: Scaling | None = None) -> Ensemble:
    """Return scikit-learn's fitted tree, forest or extra trees as ``natmods/trees`` takes it.

    Thresholds are cut to integers as emlearn does it; those of scaled features are of the features before that.
    Raises ModelInvalid for other models, and for what is too large.
    """
    kind = type(estimator).__name__
    if kind not in CLASSIFIERS:
        known = ", ".join(CLASSIFIERS)
        name = name or "the model"
        raise ModelInvalid(f"{name}: no native module here runs {kind}; what can be estimated is {known}.")
    grown = [each.tree_ for each in getattr(estimator, "estimators_", [estimator]) if hasattr(each, "tree_")]
    if not grown:
        raise ModelInvalid(f"{name or kind} is not fitted: call fit() first.")
    if grown[0].value.shape[1] != 1:
        raise ModelInvalid(f"{name or kind} has several outputs; natmods/trees has one. Make a model of each.")
    parts = [_tree(tree, scaling) for tree in grown]
    counts = [len(part.nodes) for part in parts]
    values = np.concatenate([part.values for part in parts])
    leaves, number = _distinct(_leaves(values, leaf_bits))
    nodes = np.concatenate([part.nodes for part in parts])
    is_leaf = np.concatenate([part.is_leaf for part in parts])
    nodes[:, 2:][is_leaf] = -number - 1
    features, classes = int(grown[0].n_features), int(grown[0].value.shape[2])
    check_room(name or kind, nodes, len(leaves), features, classes)
    return Ensemble(
        name=name or kind,
        nodes=nodes.astype(np.int16),
        roots=np.cumsum([0, *counts[:-1]]).astype(np.int32),
        leaves=leaves,
        features=features,
        classes=classes,
        leaf_bits=leaf_bits,
        at_nodes=np.concatenate([part.at_nodes for part in parts]),
        at_leaves=np.concatenate([part.at_leaves for part in parts]),
    )


def check_room(name: str, nodes: NDArray[np.int64], leaves: int, features: int, classes: int) -> None:
    """Raise ModelInvalid for an ensemble that natmods/trees has no room for."""
    found = {"features": features, "classes": classes, "decision nodes": len(nodes), "leaves": leaves}
    for what, most in _MOST.items():
        if found[what] > most:
            raise ModelInvalid(f"{name} has {found[what]:,} {what}; natmods/trees has room for {most:,}.")
    outside = (nodes[:, 1] < _INT16.min) | (nodes[:, 1] > _INT16.max)
    if outside.any():
        raise ModelInvalid(
            f"{name} has the threshold {nodes[:, 1][outside][0]}, and the device's features are int16: scale them to "
            "-32768..32767 before training."
        )


@dataclass(frozen=True)
class _Tree:
    # `is_leaf` and `at_leaves` are of the children; `values` those of the leaves in the order of their parents.
    nodes: NDArray[np.int64]
    is_leaf: NDArray[np.bool_]
    values: NDArray[np.float64]
    at_nodes: NDArray[np.float64]
    at_leaves: NDArray[np.float64]


def _tree(tree: Any, scaling: Scaling | None) -> _Tree:
    left, right = np.asarray(tree.children_left), np.asarray(tree.children_right)
    decides = left >= 0
    lone = len(left) == 1  # a leaf without a parent gets a decision that leads to it either way
    deciding = np.array([0]) if lone else np.flatnonzero(decides)
    children = np.array([[0, 0]]) if lone else np.stack([left[deciding], right[deciding]], axis=1)
    is_leaf = ~decides[children]
    number = np.cumsum(decides) - 1
    steps = number[children] - np.arange(len(deciding))[:, None]
    feature = np.array([0]) if lone else tree.feature[deciding]
    real = np.array([0.0]) if lone else tree.threshold[deciding]
    if scaling is not None:
        # A tree knows scaled features as float32: what is left of that would cut 4 to 3.
        real = np.round(real * scaling.scale[feature] + scaling.offset[feature], 2)
    threshold = np.trunc(np.clip(real, -(2.0**31), 2.0**31))
    reached = np.asarray(tree.n_node_samples, float) / tree.n_node_samples[0]
    shares = _shares(tree.value[:, 0])
    at_leaves = np.where(is_leaf[:, :, None], (reached[:, None] * shares)[children], 0)
    if lone:
        at_leaves[:, 1] = 0
    nodes = np.column_stack([feature, threshold, steps]).astype(np.int64)
    return _Tree(nodes, is_leaf, shares[children[is_leaf]], reached[deciding], at_leaves)


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # Of classes; in scikit-learn before 1.3, they are numbers of samples.
    return np.asarray(values / values.sum(axis=1, keepdims=True) if values.max() > 1 else values)


def _leaves(shares: NDArray[np.float64], leaf_bits: LeafBits) -> NDArray[np.uint8]:
    if leaf_bits == 0:
        return np.asarray(shares.argmax(axis=1)[:, None], np.uint8)
    # In 254 steps, then in 255: emlearn does it so.
    return np.asarray((np.round(shares * 254) / 254 * 255).astype(np.uint8))


def _distinct(leaves: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the leaves without those that are there already, in order, and the number that each one has there."""
    rows, first, number = np.unique(leaves, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return rows[order], np.argsort(order)[number.reshape(-1)]
