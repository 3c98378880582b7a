"""Train the model of digits and write it down: ``python -m cases.classifiers.trees.train``.

Another version of scikit-learn grows other trees, so they are grown once, and ``forest.txt`` has them.
"""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from cases.classifiers.trees.vectors import FOREST, digits
from cases.signals import SEED

TREES, LEAVES = 10, 100

HEAD = """\
# A random forest of scikit-learn's, grown by train.py with scikit-learn {version}: the nodes of each tree in its order,
# `feature threshold left right` of those that decide (left where feature <= threshold; the numbers of nodes count from
# 0 in each tree), `class:samples` of leaves. Then what scikit-learn takes the held-out digits for, by the mean of the
# trees' shares, and by their votes.
"""


def main() -> None:
    """Write ``forest.txt``."""
    import sklearn

    train, held_out, train_class, _ = digits()
    forest = RandomForestClassifier(n_estimators=TREES, max_leaf_nodes=LEAVES, random_state=SEED % 2**31)
    forest.fit(train, train_class)
    lines = []
    for grown in forest.estimators_:
        tree = grown.tree_
        lines.append("tree")
        for at in range(tree.node_count):
            if tree.children_left[at] < 0:
                shares = tree.value[at][0]
                samples = np.rint(shares / shares.sum() * tree.weighted_n_node_samples[at]).astype(int)
                lines.append(" ".join(f"{number}:{count}" for number, count in enumerate(samples) if count))
            else:
                children = f"{tree.children_left[at]} {tree.children_right[at]}"
                lines.append(f"{tree.feature[at]} {tree.threshold[at]:g} {children}")
    votes = np.sum([np.eye(10)[tree.predict(held_out).astype(int)] for tree in forest.estimators_], axis=0)
    for kind, shares in (("mean", forest.predict_proba(held_out)), ("vote", votes)):
        predicted = "".join(str(digit) for digit in shares.argmax(axis=1))
        lines += [kind, *(predicted[at : at + 100] for at in range(0, len(predicted), 100))]
    FOREST.write_text(HEAD.format(version=sklearn.__version__) + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
