"""How good the network is in integers, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cases.classifiers.digits_cnn import workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException

DIGITS = 540


def test_integers_are_as_good_as_the_network_in_floats() -> None:
    trained, ours = workload.DigitsCnn.vectors("digits")["right"]
    assert ours >= trained - 0.005 * DIGITS
    assert trained > 0.95 * DIGITS


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.DigitsCnn.folder() / "natmod")
    x, weights = np.zeros(64, np.int8), np.zeros(72 + 2 * 72, np.int8)
    biases, out = np.zeros(10, np.int32), np.zeros(2, np.int32)
    module.classify(x, weights, biases, 6, out)
    wrong = [
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
