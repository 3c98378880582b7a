"""Tumours, extra trees and a decision tree that were grown once (forest.txt), and what they give in float64.

Features are integers of 16 bits (1/64 of each feature's deviation) or floats as they were measured.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from cases.classifiers.svm_rbf import vectors as svm_rbf
from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

FOREST = Path(__file__).with_name("forest.txt")
#: Kinds of features; ``tree`` is one decision tree with integers.
KINDS = ("integers", "floats", "tree")
SAMPLES, CLASSES = 12, 2


def make() -> Made:
    """Return the forests, some tumours, what the trees give for all by vote and by average, and what is right."""
    made: Made = {}
    for kind in KINDS:
        _, held_out, _, classes = tumours(kind)
        predicted, arrays = read_forest(kind)
        ways = {"vote": np.eye(CLASSES)[arrays["classes"]], "average": arrays["shares"].astype(np.float64)}
        given = {way: mean(arrays, leaves.reshape(-1, CLASSES), held_out) for way, leaves in ways.items()}
        made[kind] = arrays | {"samples": held_out[:SAMPLES], "sklearn": predicted, "truth": classes.astype(np.int32)}
        made[kind] |= given
    return made


def tumours(kind: str) -> tuple[Array, Array, Array, Array]:
    """Return ten features to train with and held out, int16 or float32, and their classes."""
    if kind != "floats":
        train, held_out, train_class, classes = svm_rbf.tumours()
        return train.astype(np.int16), held_out.astype(np.int16), train_class, classes
    x, y = load_breast_cancer(return_X_y=True)
    train, held_out, train_class, classes = train_test_split(
        x[:, : svm_rbf.FEATURES].astype(np.float32), y, test_size=0.3, random_state=SEED % 2**31, stratify=y
    )
    return train, held_out, train_class, classes


def read_forest(kind: str) -> tuple[Array, dict[str, Array]]:
    """Return what scikit-learn takes the held-out tumours for, and the forest's arrays as bytecode.py has them."""
    lines = [line for line in FOREST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    at = lines.index(kind)
    nodes: list[Array] = []
    thresholds: list[str] = []
    roots: list[int] = []
    samples: list[Array] = []
    leaves = 0
    for k in range(at + 2, len(lines), 2):
        if lines[k] in KINDS:
            break
        words = np.array(lines[k].split()).reshape(-1, 4)
        places = words[:, 2:].astype(int)
        nodes.append(np.c_[words[:, 0].astype(int), np.where(places >= 0, places + len(thresholds), places - leaves)])
        roots.append(len(thresholds))
        thresholds += words[:, 1].tolist()
        samples.append(np.array(lines[k + 1].split(), int).reshape(-1, CLASSES))
        leaves += len(samples[-1])
    counts = np.concatenate(samples)
    return np.array([*map(int, lines[at + 1])], np.int32), {
        "nodes": np.concatenate(nodes).ravel().astype(np.int16),
        "thresholds": np.array(thresholds, float).astype(np.float32 if kind == "floats" else np.int16),
        "roots": np.array(roots, np.int16),
        "classes": counts.argmax(axis=1).astype(np.uint8),
        "shares": (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32).ravel(),
    }


def mean(arrays: dict[str, Array], leaves: Array, samples: Array) -> Array:
    """Return the mean of the leaves that samples come to, (n, classes), for leaves of shape (leaves, classes)."""
    nodes, thresholds = arrays["nodes"].reshape(-1, 3).tolist(), arrays["thresholds"].tolist()
    given = np.zeros((len(samples), CLASSES))
    for number, sample in enumerate(samples.tolist()):
        for root in arrays["roots"].tolist():
            at = root
            while at >= 0:
                feature, left, right = nodes[at]
                at = left if sample[feature] <= thresholds[at] else right
            given[number] += leaves[-1 - at]
    return given / len(arrays["roots"])
