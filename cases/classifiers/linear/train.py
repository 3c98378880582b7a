"""Train the models and write them down: ``python -m cases.classifiers.linear.train`` writes ``models.txt``."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.svm import LinearSVC

from cases.classifiers.linear.vectors import MODELS, diabetes
from cases.classifiers.svm_rbf.vectors import tumours
from cases.signals import SEED, Array

HEAD = """\
# Models of tables, trained by train.py with scikit-learn {version}. Of each its name, the score that scikit-learn's own
# has, what the weights were multiplied by, bias and weights.
"""


def main() -> None:
    """Write ``models.txt``."""
    MODELS.write_text(text(), encoding="utf-8")


def text() -> str:
    """Return what ``models.txt`` has to be."""
    import sklearn

    train, held_out, train_class, classes = tumours()
    svm = LinearSVC(C=0.01, dual=False, random_state=SEED % 2**31).fit(train / 64, train_class)
    x, held_out_x, y, wanted = diabetes()
    regression = LinearRegression().fit(x / 64, y)
    lines = [
        f"svm {svm.score(held_out / 64, classes):.4f} {row(svm.coef_[0], svm.intercept_[0])}",
        f"regression {regression.score(held_out_x / 64, wanted):.4f} {row(regression.coef_, regression.intercept_)}",
    ]
    return HEAD.format(version=sklearn.__version__) + "\n".join(lines) + "\n"


def row(weights: Array, bias: float) -> str:
    """Return the scale of the weights, a power of two that leaves them 12 bits, then bias and weights in it."""
    scale = 2 ** int(np.floor(np.log2(2047 / np.abs(weights).max())) if np.abs(weights).max() < 2047 else 0)
    return " ".join(map(str, [scale, round(64 * scale * bias), *np.rint(scale * weights).astype(int).tolist()]))


if __name__ == "__main__":
    main()
