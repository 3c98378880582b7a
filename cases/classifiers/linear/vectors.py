"""Tables of numbers, two models that were trained once (models.txt), and what they give in integers.

Features are in 1/64 of their deviation. A model has ``weights`` (int16) and ``biases`` (int32), a row for each output;
what comes out is in 1/64 of the weights' scale.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from cases.classifiers.svm_rbf.vectors import tumours
from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

MODELS = Path(__file__).with_name("models.txt")
SAMPLES = 12


def make() -> Made:
    """Return each model, some samples, the outputs for them, and its score and that of the one that was trained."""
    models = read_models()
    _, held_out, _, classes = tumours()
    made: Made = {}
    for name, x, wanted in (("svm", held_out, classes), ("regression", *diabetes()[1::2])):
        score, (scale, bias, *weights) = models[name]
        outputs = bias + x @ np.array(weights)
        ours = np.mean((outputs > 0) == wanted) if name == "svm" else fit(outputs / (64 * scale), wanted)
        made[name] = {
            "weights": np.array(weights, np.int16),
            "biases": np.array([bias], np.int32),
            "samples": x[:SAMPLES].astype(np.int16),
            "outputs": outputs[:SAMPLES, None].astype(np.int32),
            "scores": np.array([score, ours]),
        }
    return made


def diabetes() -> tuple[Array, Array, Array, Array]:
    """Return scikit-learn's table of diabetes: ten features in 1/64 of their deviation, and how the disease went on."""
    x, y = load_diabetes(return_X_y=True, scaled=False)
    steps = np.rint(64 * (x - x.mean(axis=0)) / x.std(axis=0)).astype(int)
    train, held_out, wanted, held_out_wanted = train_test_split(steps, y, test_size=0.3, random_state=SEED % 2**31)
    return train, held_out, wanted, held_out_wanted


def read_models() -> dict[str, tuple[float, list[int]]]:
    """Return of each model the score that scikit-learn's own has, and its numbers."""
    lines = [line.split() for line in MODELS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {name: (float(score), list(map(int, numbers))) for name, score, *numbers in lines}


def fit(predicted: Array, wanted: Array) -> float:
    """Return which share of the variance is explained."""
    return float(1 - ((predicted - wanted) ** 2).sum() / ((wanted - wanted.mean()) ** 2).sum())
