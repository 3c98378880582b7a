"""How good the network is in both types, that it is found anew, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cases.classifiers.digits_cnn import train, workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException

DIGITS = 540


def test_integers_and_float32_are_as_good_as_the_network_that_was_trained() -> None:
    for name, limit in (("digits", 0.005 * DIGITS), ("digits_float32", 0)):
        trained, ours = workload.DigitsCnn.vectors(name)["right"]
        assert ours >= trained - limit
        assert trained > 0.95 * DIGITS


def test_training_finds_both_networks_anew_to_the_bit() -> None:
    for file, content in train.texts().items():
        assert content == file.read_text(encoding="utf-8"), file.name


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.DigitsCnn.folder() / "natmod")
    x, weights = np.zeros(64, np.int8), np.zeros(72 + 2 * 72, np.int8)
    biases, out = np.zeros(10, np.int32), np.zeros(2, np.int32)
    module.classify(x, weights, biases, 6, out)
    wrong: list[tuple[Any, ...]] = [
        (x[:-1], weights, biases, 6, out),
        (x, weights[:-1], biases, 6, out),
        (x, weights, biases[:-1], 6, out),
        (x, weights, biases, -1, out),
        (x, weights, biases, 32, out),
        (x, weights, biases, 6, out[:1]),
    ]
    for arguments in wrong:
        with pytest.raises(GuestException, match="ValueError: x, weights, biases, shift and out do not fit"):
            module.classify(*arguments)
    with pytest.raises(GuestException, match="TypeError"):
        module.classify(x.astype(np.int16), weights, biases, 6, out)
    floats = [each.astype(np.float32) for each in (x, weights, biases, out)]
    module.classify_float(*floats)
    for at in range(len(floats)):
        shorter = [each[:-1] if number == at else each for number, each in enumerate(floats)]
        with pytest.raises(GuestException, match="ValueError: x, weights, biases and out do not fit"):
            module.classify_float(*shorter)
        others = [each.astype(np.int16) if number == at else each for number, each in enumerate(floats)]
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            module.classify_float(*others)
