"""Grow a forest on made-up motion and write it down: ``python -m cases.pipeline.activity.train``.

Features come from ``preprocess.py``, the file that the target runs. Another version of scikit-learn grows
other trees, so they are grown once, and ``forest.txt`` has them as natmods/trees takes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from cases.pipeline.activity.motion import windows
from cases.pipeline.activity.vectors import FOREST, HELD_OUT, TRAINED, preprocessed
from cases.signals import SEED

TREES, LEAVES = 10, 16
HEAD = """\
# A random forest of scikit-learn's, grown by train.py with scikit-learn {version}: how many of the held-out
# windows it gets right; then each tree on a line, `feature threshold left right` of each node. The next node
# is left where the feature is below the threshold; a positive number leads that many nodes forward, -1 to
# class 0, -2 to class 1, ...
"""


def main() -> None:
    """Write ``forest.txt``."""
    import sklearn

    x, classes = windows(*TRAINED)
    held_out, held_out_classes = windows(*HELD_OUT)
    forest = RandomForestClassifier(TREES, max_leaf_nodes=LEAVES, random_state=SEED % 2**31)
    forest.fit(preprocessed(x), classes)
    right = int((forest.predict(preprocessed(held_out)) == held_out_classes).sum())
    lines = [str(right), *(" ".join(map(str, nodes(grown.tree_))) for grown in forest.estimators_)]
    FOREST.write_text(HEAD.format(version=sklearn.__version__) + "\n".join(lines) + "\n", encoding="utf-8")


def nodes(tree: Any) -> list[int]:
    """Return the nodes that decide, in the tree's order; its leaves become their classes, the trees vote."""
    deciding = np.flatnonzero(tree.children_left >= 0)
    place = {int(node): at for at, node in enumerate(deciding)}
    found = []
    for at, node in enumerate(deciding):
        # Of integers, not above the threshold is below the next integer.
        found += [int(tree.feature[node]), int(np.floor(tree.threshold[node])) + 1]
        for child in (int(tree.children_left[node]), int(tree.children_right[node])):
            found.append(place[child] - at if child in place else -1 - int(tree.value[child][0].argmax()))
    return found


if __name__ == "__main__":
    main()
