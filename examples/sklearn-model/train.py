"""Train a decision tree on scikit-learn's irises, and write it as MicroPython code."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

DEPTH = 2


def data() -> tuple[np.ndarray, np.ndarray]:
    """Return the measurements in tenths of a millimetre, as integers, and the species."""
    irises = load_iris()
    return np.rint(irises.data * 100).astype(np.int16), irises.target


def trained(depth: int = DEPTH) -> DecisionTreeClassifier:
    """Return a tree that was fitted to every second iris."""
    x, y = data()
    return DecisionTreeClassifier(max_depth=depth, random_state=0).fit(x[::2], y[::2])


def as_micropython(model: DecisionTreeClassifier) -> str:
    """Return a function ``classify(x)`` that does what the tree does."""
    return "\n".join(["def classify(x):", *_node(model.tree_, 0, "    "), ""])


def _node(tree, number: int, indent: str) -> Iterator[str]:
    if tree.children_left[number] < 0:
        yield f"{indent}return {int(np.argmax(tree.value[number]))}"
        return
    # Features are integers, so that is what a threshold may be as well.
    yield f"{indent}if x[{tree.feature[number]}] <= {int(np.floor(tree.threshold[number]))}:"
    yield from _node(tree, tree.children_left[number], indent + "    ")
    yield from _node(tree, tree.children_right[number], indent)
