"""Networks that a file describes, and front ends for sound: their sizes, and what is wrong with a description."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mpy_harness.costs import estimate
from mpy_harness.costs.melspec import filters, melspec_stage
from mpy_harness.costs.network import Layer, network_stage
from mpy_harness.costs.network_file import described, layers_of, read_network
from mpy_harness.errors import ModelInvalid

DIGITS = """
dtype = "int8"
input = [8, 8, 1]

[[layer]]
kind = "conv2d"
filters = 8
size = 3

[[layer]]
kind = "pool"
size = 2

[[layer]]
kind = "dense"
units = 10
"""


def test_a_description_has_the_sizes_of_its_network(tmp_path):
    (tmp_path / "digits.toml").write_text(DIGITS)
    stage = read_network(tmp_path / "digits.toml")
    assert stage.kind == "network_int8"
    assert stage.about == "3 layers, 792 weights of int8, 3,312 multiply-adds"
    assert stage.data == 3 * 20 + 792 + 4 * 18
    # The object, layers, weights, biases, what is between: 6 × 6 × 8 and 3 × 3 × 8 numbers.
    assert stage.heap == 48 + 64 + 800 + 80 + 288 + 80
    counted = {"layer": 2, "pooling": 1, "sum": 36 * 8 + 10, "row": 36 * 8 * 3 + 10, "last": 10}
    counted |= {"product": 36 * 8 * 9, "product_later": 72 * 10}
    assert counted.items() <= stage.terms.items()
    assert stage.terms["compared"] == 9 * 8 * 4
    (found,) = estimate(str(tmp_path / "digits.toml"), target="m33").stages
    assert found.outside == ""


def test_json_and_toml_say_the_same(tmp_path):
    table = {
        "dtype": "float32", "input": 12, "layer": [{"kind": "dense", "units": 5}, {"kind": "dense", "units": 2}],
    }  # fmt: skip
    (tmp_path / "net.json").write_text(json.dumps(table))
    stage = read_network(tmp_path / "net.json")
    assert (stage.kind, stage.terms["product"], stage.terms["product_later"]) == ("network_float32", 60, 10)
    assert stage.data == 40 + 4 * 70 + 4 * 7


def test_windows_and_steps_may_be_of_two_numbers():
    first, second, _ = layers_of(
        {
            "input": [16, 20, 1],
            "layer": [
                {"kind": "conv2d", "filters": 4, "size": [3, 20], "stride": [2, 1]},
                {"kind": "pool", "size": [2, 1]},
                {"kind": "dense", "units": 3},
            ],
        },
        "net",
    )
    assert first == Layer(True, (16, 20, 1), (3, 20), (2, 1), 4)
    assert (first.gives, second.gives) == ((7, 1, 4), (3, 1, 4))
    assert second.numbers == (1, 7, 1, 4, 2, 1, 2, 1, 4)


def _with(**words):
    return {"input": [8, 8, 1], "layer": [{"kind": "dense", "units": 2}], **words}


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ([], "has to be a table with input, dtype and layer"),
        ({"layer": []}, "input is missing"),
        (_with(dtype="int4"), "dtype is 'int4'; there are int8, float32"),
        (_with(dtype=[]), r"dtype is \[\]; there are"),
        (_with(inputs=1), "'inputs' is unknown; there are input, dtype, layer"),
        (_with(input=[8, 8]), r"input has to be \[height, width, channels\]"),
        (_with(input=True), "input has to be a whole number from 1 to 16,777,216, not True"),
        (_with(input=[8, 8, 0]), "not 0"),
        (_with(layer=[]), "layer has to be a list of tables"),
        (_with(layer=["dense"]), "layer 1: kind is None; there are conv2d, pool, dense"),
        (_with(layer=[{"kind": "lstm"}]), "layer 1: kind is 'lstm'; there are conv2d, pool, dense"),
        (_with(layer=[{"kind": ["dense"]}]), "layer 1: kind is "),
        (_with(layer=[{"kind": "dense"}]), "layer 1: units is missing"),
        (_with(layer=[{"kind": "dense", "units": 2, "activation": "tanh"}]), "'activation' is unknown; there are kind"),
        (_with(layer=[{"kind": "conv2d", "filters": 2, "size": 9}]), "a window of 9 × 9 does not fit in 8 × 8"),
        (_with(layer=[{"kind": "conv2d", "filters": 2, "size": [3, 3, 3]}]), "layer 1: size has to be a whole number"),
        (_with(layer=[{"kind": "pool", "size": 2}]), "the last layer is a pool"),
        (_with(input=40000), "layer 1: 40,000 is more than natmods/network has room for"),
        (_with(input=30000, layer=[{"kind": "dense", "units": 1000}]), "has 30,000,000 numbers; natmods/network has"),
    ],
)
def test_a_wrong_description_is_told_in_a_line(network, message):
    with pytest.raises(ModelInvalid, match=message) as told:
        described(network, "net.toml")
    assert "\n" not in str(told.value)


def test_a_file_that_is_none_is_told(tmp_path):
    for name, text, message in (
        ("a.toml", "input = ", "is no TOML"),
        ("a.json", "{", "is no JSON"),
        ("b.json", "[" * 100_000, "is no JSON"),
        ("c.toml", None, "cannot be read: No such file"),
    ):
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(ModelInvalid, match=message):
            estimate(str(tmp_path / name))


def test_a_single_layer_has_nothing_between():
    stage = network_stage("m", [Layer(True, (1, 1, 4), (1, 1), (1, 1), 3)], "int8")
    assert stage.heap == 48 + 32 + 16 + 16


def test_a_front_end_is_a_chain_of_three_modules():
    stage = melspec_stage("melspec:n=256,bands=20,coefficients=13,rate=8000")
    assert stage.uses == ("melspec", "fft", "front_end")
    assert (stage.samples, stage.rate) == (256, 8000)
    bins = np.count_nonzero(filters(256, 20, 8000))
    assert stage.terms["bin"] == bins
    assert bins != np.count_nonzero(filters(256, 20, 22050))
    assert stage.data == 4 * 256 + 4 * 20 + 4 * bins + 4 + 4 * 20 * 13
    cost = estimate("melspec:rate=16000", target="m33")
    assert cost.stages[0].runs == 62.5
    assert set(cost.modules) == {"melspec", "fft", "front_end"}
    twice = estimate("melspec:rate=16000", "rfft:n=256", target="m33")
    assert twice.flash == cost.flash


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("melspec:n=100", "n has to be a power of two, from 8 to 32768"),
        ("melspec:n=64,bands=40", "up to n / 2 bands, and as many coefficients as bands"),
        ("melspec:n=64,bands=32,coefficients=4", "bands lie between two bins of the transform; take fewer bands"),
        ("melspec:bands=10,coefficients=13", "as many coefficients as bands"),
        ("melspec:window=3", "'window' is unknown, there are bands, coefficients, n, rate"),
    ],
)
def test_a_wrong_front_end_is_told(text, message):
    with pytest.raises(ModelInvalid, match=message):
        estimate(text)
