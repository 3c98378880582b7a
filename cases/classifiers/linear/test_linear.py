"""How good the models are in integers, that they are made anew, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn

from cases.classifiers.linear import train, vectors, workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException

#: The least score: shares of right ones, and the share of the variance that is explained.
LEAST = {"svm": 0.9, "regression": 0.35}


@pytest.mark.parametrize("name", LEAST)
def test_integers_are_as_good_as_the_model_that_was_trained(name: str) -> None:
    trained, ours = workload.Linear.vectors(name)["scores"]
    assert abs(ours - trained) < 0.01
    assert trained > LEAST[name]


def test_the_models_are_made_anew_to_the_bit() -> None:
    text = vectors.MODELS.read_text(encoding="utf-8")
    if f"scikit-learn {sklearn.__version__}." not in text:
        pytest.skip(f"another version of scikit-learn, {sklearn.__version__} here, finds other numbers")
    assert train.text() == text


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.Linear.folder() / "natmod")
    x, weights, biases, out = (np.zeros(n, code) for n, code in ((3, "h"), (6, "h"), (2, "i"), (2, "i")))
    module.linear(x, weights, biases, out)
    wrong: list[tuple[Any, ...]] = [
        (x[:2], weights, biases, out),
        (x, weights[:5], biases, out),
        (x, weights, biases[:1], out),
        (x, weights, biases, out[:1]),
    ]
    for arrays in wrong:
        with pytest.raises(GuestException, match="ValueError: arrays do not fit each other"):
            module.linear(*arrays)
    with pytest.raises(GuestException, match="TypeError: array of another type expected"):
        module.linear(x, weights, out.astype(np.float32), out)
