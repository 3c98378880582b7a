"""How good the machine is, that it is scikit-learn's, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.svm import SVC

from cases.classifiers.svm_rbf import vectors, workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException


def test_decides_as_scikit_learns_own() -> None:
    train, held_out, train_class, classes = vectors.tumours()
    made = workload.SvmRbf.vectors("tumours")
    trained, ours = made["right"]
    assert trained == ours > 0.9 * len(classes)
    model = SVC(kernel="rbf", C=2.0, gamma=vectors.GAMMA).fit(train / 64, train_class)
    decided = model.decision_function(held_out[: vectors.SAMPLES] / 64)
    # Two runs of its solver end within its tolerance of 0.001.
    assert np.abs(decided - made["outputs"][:, 0]).max() < 0.01


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.SvmRbf.folder() / "natmod")
    x, out = np.zeros(3, np.float32), np.zeros(1, np.float32)
    model = np.array([3, 2, 0.5, 0, *[0] * 8], np.float32)
    module.decide(x, model, out)
    few = [(x[:2], model, out), (x[:0], model, out), (x, model[:-1], out), (x, model[:3], out), (x, model, x)]
    for wrong in few:
        with pytest.raises(GuestException, match="ValueError: x, model and out do not fit each other"):
            module.decide(*wrong)
    with pytest.raises(GuestException, match="TypeError"):
        module.decide(x.astype(np.int16), model, out)
