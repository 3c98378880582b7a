"""Ensembles of trees in the C that emlearn writes (``save(file="forest.h")``), read as data: nothing is compiled.

emlearn 0.23 has two forms of it (emlearn/trees.py): "loadable" is the arrays of its inference, "inline" a function for
each tree, nested conditions that return a class, or with leaf bits the number of a leaf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SUFFIXES = (".h", ".c")

#: Lines of emlearn's CSV files by their kinds (tree_file.py): what either file says.
Rows = dict[str, list[list[float]]]

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_NODES = re.compile(r"\bEmlTreesNode\s+\w+\[\d+\]\s*=\s*\{(.*?)\}\s*;", re.DOTALL)
_NODE = re.compile(r"\{([^{}]*)\}")
_ROOTS = re.compile(r"\bint32_t\s+\w+_tree_roots\[\d+\]\s*=\s*\{([^{}]*)\}")
_LEAVES = re.compile(r"\buint8_t\s+\w+_leaves\[\d+\]\s*=\s*\{([^{}]*)\}")
# Its last members: leaf bits, features, classes.
_MODEL = re.compile(r"\bEmlTrees\s+\w+\s*=\s*\{[^{}]*?,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,?\s*\}")
_HEAD = re.compile(r"\bint32_t\s+\w+_tree_\d+\(const\s+(\w+)\s*\*\s*features\b[^{};]*\{")
_STEP = re.compile(r"\bif\s*\(\s*features\[(\d+)\]\s*<\s*(-?\d+)\s*\)|\breturn\s+(\d+)\s*;")
_BRACE = re.compile("[{}]")
_CLASSES = re.compile(r"\b(?:votes|out)\[(\d+)\]\s*=\s*\{")


def c_rows(text: str) -> Rows:
    """Return what a file says in the words of a CSV file. Raises ValueError.

    An inline file does not tell how many features there are: as many as its trees ask for, the row ``f`` is negative.
    """
    plain = _COMMENT.sub(" ", text)
    return _inline(plain) if _HEAD.search(plain) else _loadable(plain)


def _loadable(text: str) -> Rows:
    found = {name: pattern.search(text) for name, pattern in
             (("nodes", _NODES), ("roots", _ROOTS), ("leaves", _LEAVES), ("model", _MODEL))}  # fmt: skip
    if missing := [name for name, match in found.items() if match is None]:
        raise ValueError(f"it has neither functions of trees nor all arrays of them: no {missing[0]}")
    nodes, roots, leaves, model = (match for match in found.values() if match is not None)
    bits, features, classes = (int(number) for number in model.groups())
    width = classes if bits else 1
    return {
        "f": [[features]],
        "c": [[classes]],
        "lb": [[bits]],
        "n": [_numbers(row) for row in _NODE.findall(nodes[1])],
        "r": [[number] for number in _numbers(roots[1])],
        "l": list(_split(_numbers(leaves[1]), width)),
    }


def _inline(text: str) -> Rows:
    leaves, classes = _LEAVES.search(text), _CLASSES.search(text)
    if classes is None:
        raise ValueError("it does not say how many classes there are")
    nodes: list[list[float]] = []
    roots: list[list[float]] = []
    voted: dict[int, int] = {}  # the number of each class's leaf
    for kind, body in _trees(text):
        if kind != "int16_t":
            raise ValueError(f"its features are {kind}, and those of natmods/trees int16_t: convert(dtype='int16_t')")
        roots.append([len(nodes)])
        _add_tree(body, nodes, None if leaves else voted)
    features = 1 + max(int(node[0]) for node in nodes)
    table = list(_split(_numbers(leaves[1]), int(classes[1]))) if leaves else [[float(each)] for each in voted]
    return {
        "f": [[-features]],
        "c": [[int(classes[1])]],
        "lb": [[8 if leaves else 0]],
        "n": nodes,
        "r": roots,
        "l": table,
    }


def _trees(text: str) -> Iterator[tuple[str, str]]:
    """Return the type of features and the body of each function of a tree."""
    for head in _HEAD.finditer(text):
        depth = 1
        for brace in _BRACE.finditer(text, head.end()):
            depth += 1 if brace[0] == "{" else -1
            if not depth:
                yield head[1], text[head.end() : brace.start()]
                break
        else:
            raise ValueError("a tree has no end")


def _add_tree(body: str, nodes: list[list[float]], voted: dict[int, int] | None) -> None:
    """Add a tree's nodes: each condition is followed by all of what holds if it is true, then by the other."""
    first = len(nodes)
    waiting: list[tuple[int, int]] = []  # nodes whose child in that column is still to come
    for feature, threshold, returned in _STEP.findall(body):
        is_leaf = bool(returned)
        if len(nodes) == first and is_leaf:  # a tree of one leaf: a decision that leads to it either way
            leaf = _leaf(int(returned), voted)
            nodes.append([0, 0, leaf, leaf])
            return
        if len(nodes) > first:
            if not waiting:
                raise ValueError("a tree goes on after its end")
            parent, column = waiting.pop()
            nodes[parent][column] = _leaf(int(returned), voted) if is_leaf else len(nodes) - parent
        if not is_leaf:
            waiting += [(len(nodes), 3), (len(nodes), 2)]
            nodes.append([int(feature), int(threshold), 0, 0])
    if waiting or len(nodes) == first:
        raise ValueError("a tree has no end")


def _leaf(returned: int, voted: dict[int, int] | None) -> int:
    number = returned if voted is None else voted.setdefault(returned, len(voted))
    return -number - 1


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.replace(",", " ").split()]


def _split(numbers: list[float], width: int) -> Iterator[list[float]]:
    if width < 1 or len(numbers) % width:
        raise ValueError("its leaves do not have a share of each class")
    yield from (numbers[at : at + width] for at in range(0, len(numbers), width))
