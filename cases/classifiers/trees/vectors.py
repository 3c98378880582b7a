"""Digits, a forest that was grown once (forest.txt), and what emlearn's inference on the host makes of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
from emlearn.trees import Wrapper, encode_child
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from cases.signals import SEED, Array, Made, generator

__all__ = ["SEED", "make"]

FOREST = Path(__file__).with_name("forest.txt")
FEATURES, CLASSES = 64, 10

# scikit-learn goes left where value <= threshold, emlearn where value < threshold, with thresholds cut to
# integers. Trained on twice the pixels (even numbers), thresholds are integers; classified with one less
# than twice the pixels (odd numbers), both decide the same way.
TRAIN_SCALE, CLASSIFY_OFFSET = 2, -1


def make() -> Made:
    """Return the arrays of the model with its trees voting (leaf bits 0) and averaged (leaf bits 8)."""
    _, held_out, _, held_out_class = digits()
    trees, predicted = read_forest()
    samples = (held_out + CLASSIFY_OFFSET).astype(np.int16)
    inputs: dict[str, Array] = {"samples_in": samples, "classes": held_out_class.astype(np.int32)}
    inputs |= edge_samples()
    return {
        f"digits_{kind}": inputs | {"sklearn": predicted[kind]} | model(trees, bits, inputs)
        for kind, bits in (("mean", 8), ("vote", 0))
    }


def digits() -> tuple[Array, Array, Array, Array]:
    """Return scikit-learn's digits as the forest knows them: samples to train with and held out, and their classes."""
    pixels, classes = load_digits(return_X_y=True)
    even = (TRAIN_SCALE * pixels).astype(np.int16)
    train, held_out, train_class, held_out_class = train_test_split(
        even, classes, test_size=0.3, random_state=SEED % 2**31, stratify=classes
    )
    return train, held_out, train_class, held_out_class


def read_forest() -> tuple[list[SimpleNamespace], dict[str, Array]]:
    """Return the trees of ``forest.txt`` as scikit-learn has them, and its predictions for the held-out digits."""
    blocks: list[tuple[str, list[str]]] = []
    for line in FOREST.read_text(encoding="utf-8").splitlines():
        if line.isalpha():
            blocks.append((line, []))
        elif not line.startswith("#"):
            blocks[-1][1].append(line)
    trees = [tree(lines) for kind, lines in blocks if kind == "tree"]
    predicted = {kind: np.array([*map(int, "".join(lines))], np.int32) for kind, lines in blocks if kind != "tree"}
    return trees, predicted


def tree(lines: list[str]) -> SimpleNamespace:
    """Return one tree; ``value`` are the shares of classes, of shape (nodes, 1, classes)."""
    nodes = [(-2, -2.0, -1, -1) if ":" in line else line.split() for line in lines]
    value = np.zeros((len(lines), 1, CLASSES))
    for at, line in enumerate(lines):
        if ":" in line:
            for pair in line.split():
                number, samples = pair.split(":")
                value[at, 0, int(number)] = int(samples)
    for at in reversed(range(len(lines))):  # a node's samples are those of its children, which come after it
        if ":" not in lines[at]:
            value[at] = value[nodes_below(lines[at])].sum(axis=0)
    value /= value.sum(axis=2, keepdims=True)
    feature, threshold, left, right = zip(*nodes, strict=True)
    return SimpleNamespace(
        node_count=len(nodes),
        feature=np.array(feature, int),
        threshold=np.array(threshold, float),
        children_left=np.array(left, int),
        children_right=np.array(right, int),
        value=value,
    )


def nodes_below(line: str) -> list[int]:
    """Return the two children of a node that decides."""
    return [int(word) for word in line.split()[2:]]


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


def model(trees: list[SimpleNamespace], bits: int, inputs: dict[str, Array]) -> dict[str, Array]:
    """Return the model's arrays as the module takes them, and what emlearn's host inference gives."""
    grown = [SimpleNamespace(tree_=tree, n_features_in_=FEATURES, n_classes_=CLASSES) for tree in trees]
    converted = Wrapper(SimpleNamespace(estimators_=grown), method="loadable", leaf_bits=bits)
    nodes, roots, leaves = converted.forest_
    arrays: dict[str, Array] = {
        "nodes": np.array(
            [[n[0], int(n[1]), encode_child(i, n[2]), encode_child(i, n[3])] for i, n in enumerate(nodes)], np.int16
        ).ravel(),
        "roots": np.array(roots, np.int32),
        "leaves": np.array(leaves, np.uint8).ravel(),
        "shape": np.array([converted.n_features, converted.n_classes, bits], np.int32),
    }
    for name in [key[:-3] for key in inputs if key.endswith("_in")]:
        # emlearn compiles its inference in the current folder, and prints six decimals.
        arrays[f"{name}_emlearn"] = np.array(converted.predict(inputs[f"{name}_in"]), np.int32)
        arrays[f"{name}_emlearn_proba"] = np.asarray(converted.predict_proba(inputs[f"{name}_in"]))
        arrays[f"{name}_proba"] = probabilities(arrays, inputs[f"{name}_in"])
    return arrays


def probabilities(arrays: dict[str, Array], samples: Array) -> Array:
    """Walk the model's trees in float64, independent of emlearn: the exact probabilities, (samples, classes)."""
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
