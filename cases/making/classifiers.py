"""Vectors of the classifiers: trees."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import emlearn
import numpy as np
from emlearn.trees import encode_child
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from making.signals import SEED, Array, Made, generator

# scikit-learn goes left where value <= threshold, emlearn where value < threshold, with thresholds cut to
# integers. Trained on twice the pixels (even numbers), thresholds are integers; classified with one less
# than twice the pixels (odd numbers), both decide the same way.
TRAIN_SCALE, CLASSIFY_OFFSET = 2, -1

NOTES = "scikit-learn's digits, 10 trees of at most 100 leaf nodes; features are 2 * pixel - 1"


def make() -> Made:
    """Return the arrays and notes of the digits model, trees voting (bits 0) and averaged (bits 8)."""
    pixels, digits = load_digits(return_X_y=True)
    even = (TRAIN_SCALE * pixels).astype(np.int16)
    train, held_out, train_class, held_out_class = train_test_split(
        even, digits, test_size=0.3, random_state=SEED % 2**31, stratify=digits
    )
    forest = RandomForestClassifier(n_estimators=10, max_leaf_nodes=100, random_state=SEED % 2**31)
    forest.fit(train, train_class)
    samples = (held_out + CLASSIFY_OFFSET).astype(np.int16)
    inputs: dict[str, Array] = {"samples_in": samples, "classes": held_out_class.astype(np.int32)} | edge_samples()
    votes = np.mean([np.eye(10)[tree.predict(held_out).astype(int)] for tree in forest.estimators_], axis=0)
    made: Made = {}
    for kind, bits, theirs in (("mean", 8, forest.predict_proba(held_out)), ("vote", 0, votes)):
        arrays = inputs | {"sklearn_proba": theirs} | model(forest, bits, inputs)
        made[f"trees/digits_{kind}"] = (arrays, f"{NOTES}; {kind} of the trees, leaf bits {bits}")
    return made


def edge_samples() -> dict[str, Array]:
    """Return samples that no training data looks like, by kind."""
    random = generator(30)
    impulse = np.zeros((64, 64), np.int16)
    np.fill_diagonal(impulse, 32)
    return {
        "noise_in": random.integers(-32768, 32768, (64, 64)).astype(np.int16),
        "sweep_in": np.repeat(np.arange(-2, 35, dtype=np.int16)[:, None], 64, axis=1),
        "impulse_in": impulse,
        "step_in": np.where(np.arange(64) < np.arange(0, 65, 4)[:, None], 31, -1).astype(np.int16),
        "silence_in": np.zeros((1, 64), np.int16),
        "full_scale_in": np.where(random.random((32, 64)) < 0.5, -32768, 32767).astype(np.int16),
    }


def model(forest: Any, bits: int, inputs: dict[str, Array]) -> dict[str, Array]:
    """Return the model's arrays as the module takes them, and what emlearn's host inference gives."""
    converted = emlearn.convert(forest, method="loadable", leaf_bits=bits)
    nodes, roots, leaves = converted.forest_
    arrays: dict[str, Array] = {
        "nodes": np.array(
            [[n[0], int(n[1]), encode_child(i, n[2]), encode_child(i, n[3])] for i, n in enumerate(nodes)], np.int16
        ).ravel(),
        "roots": np.array(roots, np.int32),
        "leaves": np.array(leaves, np.uint8).ravel(),
        "shape": np.array([converted.n_features, converted.n_classes, bits], np.int32),
    }
    with own_folder():  # emlearn compiles its inference into the current folder
        for name in [key[:-3] for key in inputs if key.endswith("_in")]:
            arrays[f"{name}_emlearn"] = np.array(converted.predict(inputs[f"{name}_in"]), np.int32)
            # printed with six decimals by emlearn
            arrays[f"{name}_emlearn_proba"] = np.asarray(converted.predict_proba(inputs[f"{name}_in"]))
            arrays[f"{name}_proba"] = probabilities(arrays, inputs[f"{name}_in"])
    return arrays


def probabilities(arrays: dict[str, Array], samples: Array) -> Array:
    """Walk the model's trees in float64, independent of emlearn: the exact probabilities."""
    _, classes, bits = (int(v) for v in arrays["shape"])
    nodes = arrays["nodes"].reshape(-1, 4).tolist()
    shares = np.eye(classes)[arrays["leaves"]] if bits == 0 else arrays["leaves"].reshape(-1, classes) / 255
    out = np.zeros((len(samples), classes))
    for i, sample in enumerate(samples.tolist()):
        for root in arrays["roots"].tolist():
            at = root
            while True:
                feature, threshold, left, right = nodes[at]
                child = left if sample[feature] < threshold else right
                if child < 0:
                    break
                at += child
            out[i] += shares[-child - 1]
    return out / len(arrays["roots"])


@contextlib.contextmanager
def own_folder() -> Iterator[None]:
    """Work in a temporary folder."""
    before = os.getcwd()  # noqa: PTH109 - to go back to
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
