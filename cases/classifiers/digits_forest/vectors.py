"""The forest of cases/classifiers/trees as Python that m2cgen and everywhereml generate, and what that code gives.

The sources are texts, as bytes: for the pin, and because they are too large to commit.

everywhereml asks for packages of a gigabyte, which its generator does not need: it is installed without them,
`pip install --no-deps everywhereml==0.2.40` after `pip install jinja2_workarounds python-slugify`.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import m2cgen
import numpy as np
from everywhereml.code_generators.GeneratesCode import GeneratesCode
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from cases.classifiers.trees.vectors import CLASSES, FEATURES, digits, read_forest
from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

SAMPLES = 24


def make() -> Made:
    """Return the digits, their classes, and for both generators the source and what CPython makes of it."""
    _, held_out, _, classes = digits()
    trees, predicted = read_forest()
    samples = held_out[:SAMPLES].astype(np.int16)
    inputs: dict[str, Array] = {
        "samples": samples,
        "classes": classes[:SAMPLES].astype(np.int32),
        "sklearn": predicted["mean"][:SAMPLES],
    }
    shares = run(generated_by_m2cgen(trees), samples, lambda module, sample: module["score"](sample))
    # It asks `<` where scikit-learn asks `<=`; of odd numbers below and above even thresholds both are the same.
    forest = generated_by_everywhereml(trees)
    votes = run(forest, samples - 1, lambda module, sample: module["Forest"]().predict(sample))
    return {
        "digits": inputs,
        "m2cgen": {"source": text(generated_by_m2cgen(trees)), "shares": np.array(shares)},
        "everywhereml": {"source": text(forest), "predicted": np.array(votes, np.int32)},
    }


def text(source: str) -> Array:
    """Return a text as bytes."""
    return np.frombuffer(source.encode(), np.uint8)


def run(source: str, samples: Array, predict: Any) -> list[Any]:
    """Run generated code on each sample."""
    module: dict[str, Any] = {}
    exec(source, module)  # noqa: S102 - what a generator made of our own trees
    return [predict(module, sample) for sample in samples.tolist()]


def generated_by_m2cgen(trees: list[SimpleNamespace]) -> str:
    """Return a module with the function ``score(input)``, which returns the share of each class."""
    forest = RandomForestClassifier(n_estimators=len(trees))
    forest.estimators_ = []
    for tree in trees:
        grown = DecisionTreeClassifier()
        grown.tree_, grown.n_classes_, grown.n_outputs_ = tree, CLASSES, 1
        forest.estimators_.append(grown)
    forest.n_classes_ = CLASSES
    return str(m2cgen.export_to_python(forest))


class Forest(GeneratesCode):  # type: ignore[misc]
    """What everywhereml's own wrapper of the classifier hands to its templates, from trees that are grown."""

    def __init__(self, trees: list[SimpleNamespace]) -> None:
        self._trees = trees
        self.num_outputs = CLASSES

    def __str__(self) -> str:
        return f"{len(self._trees)} trees, {FEATURES} features"

    @property
    def class_name(self) -> str:
        """Return the name of the template."""
        return "RandomForestClassifier"

    @property
    def template_folder(self) -> str:
        """Return the folder of the template."""
        return "everywhereml/sklearn/ensemble"

    def get_template_data(self) -> dict[str, Any]:
        """Return the trees."""
        names = {"left": "children_left", "right": "children_right", "features": "feature", "thresholds": "threshold"}
        fields = {**names, "classes": "value"}
        return {"trees": [{key: getattr(tree, name) for key, name in fields.items()} for tree in self._trees]}


def generated_by_everywhereml(trees: list[SimpleNamespace]) -> str:
    """Return a module with the class ``Forest``, whose method ``predict(x)`` returns a class."""
    return str(Forest(trees).to_micropython(class_name="Forest", class_map={}))
