"""Train a support vector machine and write it down: ``python -m cases.classifiers.svm_rbf.train``.

Another version of scikit-learn may find other numbers, so they are found once, and ``model.txt`` has them.
"""

from __future__ import annotations

from sklearn.svm import SVC

from cases.classifiers.svm_rbf.vectors import GAMMA, MODEL, tumours

HEAD = """\
# An SVC of scikit-learn's breast_cancer, trained by train.py with scikit-learn {version}. How many of the
# {held_out} held-out tumours scikit-learn's own model gets right; its intercept; a line for each support
# vector: its dual coefficient, then its features in 1/64 of their standard deviation.
"""


def main() -> None:
    """Write ``model.txt``."""
    import sklearn

    train, held_out, train_class, classes = tumours()
    model = SVC(kernel="rbf", C=2.0, gamma=GAMMA).fit(train / 64, train_class)
    right = int((model.predict(held_out / 64) == classes).sum())
    lines = [str(right), f"{model.intercept_[0]:.9g}"]
    for coefficient, vector in zip(model.dual_coef_[0], train[model.support_], strict=True):
        lines.append(f"{coefficient:.9g} " + " ".join(map(str, vector)))
    head = HEAD.format(version=sklearn.__version__, held_out=len(classes))
    MODEL.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
