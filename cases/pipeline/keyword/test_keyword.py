"""How good the network is in integers, that it is made anew, what votes do, and arrays that do not fit each other."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cases.pipeline.keyword import train, vectors, workload
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException


def test_integers_are_as_good_as_the_network_in_floats() -> None:
    trained, ours, windows = workload.Keyword.vectors("words")["right"]
    assert ours >= trained - 0.01 * windows
    assert trained > 0.9 * windows


def test_the_network_is_made_anew_to_the_bit() -> None:
    assert train.text() == vectors.MODEL.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("windows", "told"),
    [
        ([0, 2, 0, 0, 2, 0], [0, 0, 0, 0, 0, 0]),  # once is not enough
        ([0, 2, 2, 2, 2, 0, 0], [0, 0, 2, 0, 0, 0, 0]),  # told once
        ([0, 2, 0, 2, 0], [0, 0, 0, 2, 0]),  # two of three
        ([2, 2, 0, 0, 2, 2], [0, 2, 0, 0, 0, 2]),  # again, after something else
        ([1, 1, 3, 3], [0, 1, 0, 3]),
        ([1, 2, 3, 1, 2, 3], [0, 0, 0, 0, 0, 0]),
    ],
)
def test_votes(windows: list[int], told: list[int]) -> None:
    votes = runpy.run_path(str(workload.Keyword.folder() / "votes.py"))["Votes"]()
    assert [votes.add(number) for number in windows] == told


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.Keyword.folder() / "natmod")
    x, weights = np.zeros(320, np.int8), np.zeros(480 + 2 * 56, np.int8)
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
    logs, scale = np.zeros(4, np.float32), np.ones(2, np.float32)
    module.quantise(logs, scale, x[:4])
    wrong = [(logs, scale, x[:3]), (logs, scale[:1], x[:4])]
    for arguments in wrong:
        with pytest.raises(GuestException, match="ValueError: logs, scale and out do not fit"):
            module.quantise(*arguments)
    with pytest.raises(GuestException, match="TypeError: array of another type expected"):
        module.classify(logs, weights, biases, 6, out)
    with pytest.raises(GuestException, match="TypeError: array of another type expected"):
        module.quantise(x, scale, x)


def test_quantise_limits_to_8_bits(natmod: Callable[..., GuestObject], guarded: Guarded) -> None:
    logs = np.array([14, 14.0625, 29.9, 30, 1e30, -1.9, -2, -2.1, -np.inf, np.nan], np.float32)
    module = natmod(workload.Keyword.folder() / "natmod")
    got = guarded.call(module, "quantise", logs, np.array(vectors.SCALE, np.float32), ..., out=("b", logs.size))
    assert got.tolist() == [0, 1, 127, 127, 127, -127, -128, -128, -128, -128]
