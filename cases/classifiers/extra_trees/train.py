"""Grow extra trees and a decision tree, and write them down: ``python -m cases.classifiers.extra_trees.train``.

Another version of scikit-learn grows other trees, so they are grown once, and ``forest.txt`` has them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.tree import DecisionTreeClassifier

from cases.classifiers.extra_trees.vectors import FOREST, KINDS, tumours
from cases.signals import SEED

TREES, LEAVES = 10, 16
HEAD = """\
# Extra trees of scikit-learn's breast_cancer, grown by train.py with scikit-learn {version}, for two kinds of
# features, and one decision tree. Of each: what scikit-learn takes the {held_out} held-out tumours for; then two
# lines a tree: `feature threshold left right` of each node, left where the feature is not above the threshold, a place
# below 0 is a leaf of the tree; and the samples of both classes of each leaf.
"""


def main() -> None:
    """Write ``forest.txt``."""
    import sklearn

    lines: list[str] = []
    count = 0
    for kind in KINDS:
        train, held_out, train_class, _ = tumours(kind)
        if kind == "tree":
            model = DecisionTreeClassifier(max_leaf_nodes=LEAVES, random_state=SEED % 2**31).fit(train, train_class)
            trees = [model]
        else:
            model = ExtraTreesClassifier(TREES, max_leaf_nodes=LEAVES, random_state=SEED % 2**31)
            trees = model.fit(train, train_class).estimators_
        lines += [kind, "".join(map(str, model.predict(held_out)))]
        for grown in trees:
            lines += tree(grown.tree_, kind)
        count = len(held_out)
    head = HEAD.format(version=sklearn.__version__, held_out=count)
    FOREST.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


def tree(grown: Any, kind: str) -> list[str]:
    """Return both lines of a tree: the nodes that decide, in the tree's order, and the leaves."""
    deciding = np.flatnonzero(grown.children_left >= 0)
    leaves = np.flatnonzero(grown.children_left < 0)
    place = {int(node): at for at, node in enumerate(deciding)} | {int(leaf): -1 - at for at, leaf in enumerate(leaves)}
    words = []
    for node in deciding:
        threshold = grown.threshold[node]
        # Not above the threshold is not above the greatest number of the type that is not above it.
        if kind != "floats":
            written = str(int(np.floor(threshold)))
        else:
            nearest = np.float32(threshold)
            written = f"{nearest if nearest <= threshold else np.nextafter(nearest, np.float32(-np.inf)):.9g}"
        children = (place[int(side[node])] for side in (grown.children_left, grown.children_right))
        words += [str(int(grown.feature[node])), written, *map(str, children)]
    samples = np.rint(grown.value[leaves, 0] * grown.weighted_n_node_samples[leaves, None]).astype(int)
    return [" ".join(words), " ".join(map(str, samples.ravel()))]


if __name__ == "__main__":
    main()
