"""What is special about the small classifiers: how good they are, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import VectorStore

FOLDER = Path(__file__).parent
DIGITS = 540


@pytest.mark.parametrize("name", ["logistic", "svm", "nearest", "bayes", "mlp"])
def test_integers_are_as_good_as_the_model_that_was_trained(name: str) -> None:
    trained, ours = VectorStore(FOLDER / "vectors.py")[name]["right"]
    assert ours >= trained - 0.005 * DIGITS
    assert trained > 0.9 * DIGITS


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(FOLDER / "natmod")
    x, out = np.zeros(3, np.int16), np.zeros(2, np.int32)
    linear = np.array([3, 2, *[0] * 8], np.int16)
    module.linear(x, linear, out)
    mlp = np.array([3, 1, 2, 0, *[0] * 4, *[0] * 4], np.int16)
    module.mlp(x, mlp, out)
    wrong = [
        ("linear", x[:2], linear, out),
        ("linear", x, linear, out[:1]),
        ("linear", x, linear[:-1], out),
        ("linear", x, np.array([-1, 2], np.int16), out),
        ("nearest", x, linear, out[:1]),
        ("nearest", x, linear[:-1], out),
        ("mlp", x, np.r_[mlp, 0].astype(np.int16), out),
        ("mlp", x, np.array([3, 128, 2, 0, *[0] * (4 * 128 + 2 * 129)], np.int16), out),
        ("mlp", x, np.array([3, 1, 2, 32, *[0] * 8], np.int16), out),
        ("bayes", x, np.zeros(0, np.float32), np.zeros(2, np.float32)),
        ("bayes", x, np.array([3, 2, *[0] * 13], np.float32), np.zeros(2, np.float32)),
    ]
    for name, *arrays in wrong:
        with pytest.raises(GuestException, match="ValueError: x, model and out do not fit each other"):
            getattr(module, name)(*arrays)
    for mixed in ((linear, linear, linear), (x, out, out), (x.astype(np.float32), linear, out)):
        with pytest.raises(GuestException, match="TypeError"):
            module.linear(*mixed)
