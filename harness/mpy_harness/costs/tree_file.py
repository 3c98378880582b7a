"""Ensembles of trees in the files that emlearn writes: CSV for its MicroPython module, or C (tree_c_file.py).

A line of CSV (``save(format="csv")``) is a kind and its numbers: ``f`` features, ``c`` classes, ``lb`` leaf bits, ``l``
a leaf, ``r`` the node at which a tree begins, ``n`` a decision node: feature, threshold, and for either child how many
nodes on it is, or a leaf as -number - 1. So emlearn 0.23 writes it (emlearn/trees.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mpy_harness.costs import tree_c_file
from mpy_harness.costs.tree_c_file import Rows
from mpy_harness.costs.trees import SHAPE, Ensemble, check_room
from mpy_harness.errors import ModelInvalid
from mpy_harness.limits import TEXT_BYTES
from mpy_harness.resources import read_file

SUFFIXES = (".csv", *tree_c_file.SUFFIXES)
_KINDS = {"f": 1, "c": 1, "lb": 1, "r": 1, "n": 4, "l": None}  # with how many numbers; a leaf's are one or its classes'
_BRACKETS = re.compile(r"\[[^\]]*\]")  # around a leaf's shares of classes, which may go on in the next line
_WHOLE = 255  # of a leaf's share in bytes


def read_ensemble(file: Path) -> Ensemble:
    """Return the ensemble in a file, which is data: no code in it is run. Raises ModelInvalid.

    It does not tell what comes to which node, so as many samples are taken to go to one child as to the other.
    """
    try:
        text = read_file(file, TEXT_BYTES).decode()
        rows = tree_c_file.c_rows(text) if file.suffix in tree_c_file.SUFFIXES else _rows(text)
        least, classes, bits = (int(_only(rows, kind)) for kind in ("f", "c", "lb"))
        features = abs(least)
        nodes, roots, leaves = _arrays(rows, features, classes, bits)
    except OSError as error:
        raise ModelInvalid(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ModelInvalid(f"{file} is no model that emlearn wrote: {error}.") from None
    check_room(file.name, nodes, len(leaves), features, classes)
    at_nodes, at_children = _halved(nodes, roots)
    table = leaves / _WHOLE if bits else np.eye(classes)[leaves[:, 0]]
    shares = table[np.where(nodes[:, 2:] < 0, -nodes[:, 2:] - 1, 0)]
    return Ensemble(
        name=file.name,
        nodes=nodes.astype(np.int16),
        roots=roots.astype(np.int32),
        leaves=leaves.astype(np.uint8),
        features=features,
        classes=classes,
        leaf_bits=8 if bits else 0,
        at_nodes=at_nodes,
        at_leaves=np.where(nodes[:, 2:, None] < 0, at_children[:, None, None] * shares, 0),
        source=SHAPE,
        is_all=least > 0,
    )


def _rows(text: str) -> Rows:
    rows: Rows = {kind: [] for kind in _KINDS}
    joined = _BRACKETS.sub(lambda found: ",".join(found[0].strip("[]").split()), text)
    for number, line in enumerate(joined.splitlines(), 1):
        kind, *values = line.strip().split(",")
        if not kind and not values:
            continue
        if kind not in _KINDS or _KINDS[kind] not in {None, len(values)} or not values:
            raise ValueError(f"its line {number} is {line[:40]!r}")
        rows[kind].append([float(value) for value in values])
    return rows


def _only(rows: Rows, kind: str) -> float:
    if len(rows[kind]) != 1:
        raise ValueError(f"it has {len(rows[kind])} lines {kind},…")
    return rows[kind][0][0]


def _arrays(
    rows: Rows, features: int, classes: int, bits: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return nodes, roots and leaves, of which every walk comes to an end. Raises ValueError."""
    if bits not in {0, 8} or features < 1 or classes < 1:
        raise ValueError(f"{features} features, {classes} classes or {bits} leaf bits are not what it can have")
    nodes, roots = _whole(rows["n"], 4), _whole(rows["r"], 1)[:, 0]
    values = _whole([[value] for leaf in rows["l"] for value in leaf], 1)
    leaves = values.reshape(-1, classes if bits else 1)
    if leaves.min() < 0 or leaves.max() > (_WHOLE if bits else classes - 1):
        raise ValueError("a leaf is of no class")
    if roots[0] != 0 or (np.diff(roots) <= 0).any() or roots[-1] >= len(nodes):
        raise ValueError("a tree begins at no node")
    if nodes[:, 0].min() < 0 or nodes[:, 0].max() >= features:
        raise ValueError("a node decides by no feature")
    ends = np.append(roots[1:], len(nodes))[np.searchsorted(roots, np.arange(len(nodes)), side="right") - 1]
    steps, here = nodes[:, 2:], np.arange(len(nodes))
    is_inside = (steps > 0) & (steps + here[:, None] < ends[:, None])
    if not (is_inside | ((steps < 0) & (-steps <= len(leaves)))).all():
        raise ValueError("a node leads nowhere, or back")
    return nodes, roots, leaves


def _whole(rows: Sequence[Sequence[float]], columns: int) -> NDArray[np.int64]:
    if not rows:
        raise ValueError("nodes, leaves or trees are missing")
    found = np.array(rows, float).reshape(-1, columns)
    if not np.isfinite(found).all() or (np.abs(found) > 1 << 31).any():
        raise ValueError("a number is too large")
    return np.asarray(np.trunc(found), np.int64)


def _halved(nodes: NDArray[np.int64], roots: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of samples at each node, and at each of its children, if half of them go either way."""
    at = np.zeros(len(nodes))
    at[roots] = 1
    for number, steps in enumerate(nodes[:, 2:].tolist()):
        for step in steps:
            if step > 0:
                at[number + step] += at[number] / 2
    return at, at / 2
