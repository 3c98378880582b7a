"""How good the network is in integers, that it is made anew, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cases.classifiers.digits_28 import train, vectors, workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException

DIGITS = 540


def test_integers_are_as_good_as_the_dense_layer_in_floats() -> None:
    trained, ours = workload.Digits28.vectors("int8")["right"]
    assert ours >= trained - 0.005 * DIGITS
    assert trained > 0.96 * DIGITS


def test_the_network_is_made_anew_to_the_bit() -> None:
    assert train.text() == vectors.MODEL.read_text(encoding="utf-8")


def test_floats_and_integers_are_one_network() -> None:
    integers, floats = (workload.Digits28.vectors(name)["outputs"] for name in ("int8", "float32"))
    assert (integers.argmax(axis=1) == floats.argmax(axis=1)).all()


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.Digits28.folder() / "natmod")
    x, weights = np.zeros(784, np.int8), np.zeros(324 + 2 * 200, np.int8)
    biases, shifts, out = np.zeros(14, np.int32), np.array([6, 31], np.int32), np.zeros(2, np.int32)
    module.classify(x, weights, biases, shifts, out)
    wrong: list[tuple[Any, ...]] = [
        (x[:-1], weights, biases, shifts, out),
        (x, weights[:-1], biases, shifts, out),
        (x, weights, biases[:-1], shifts, out),
        (x, weights, biases, shifts[:1], out),
        (x, weights, biases, -shifts, out),
        (x, weights, biases, shifts + 1, out),
        (x, weights, biases, shifts, out[:1]),
    ]
    for arguments in wrong:
        with pytest.raises(GuestException, match="ValueError: x, weights, biases, shifts and out do not fit"):
            module.classify(*arguments)
    floats = [each.astype(np.float32) for each in (x, weights, biases, out)]
    module.classify_float(*floats)
    for at in range(len(floats)):
        shorter = [each[:-1] if number == at else each for number, each in enumerate(floats)]
        with pytest.raises(GuestException, match="ValueError: x, weights, biases and out do not fit"):
            module.classify_float(*shorter)
        others = [each.astype(np.int16) if number == at else each for number, each in enumerate(floats)]
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            module.classify_float(*others)
