"""The native modules network and scaler: against NumPy and their Python twins, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from docs.costed_networks import network
from mpy_harness.costs.network_file import layers_of
from mpy_harness.errors import GuestException

NETWORKS = ("5 | 3", "6x5x2 | c3x3x2 p2x1 4", "7x7x1 | c2x2/2 p2 c3x1 6 2", "9x1x3 | p3x1 c4x2x1")


def made(text, dtype, random):
    """Return layers, the three arrays of network.new, and a sample."""
    layers = layers_of(network(text), text)
    numbers = np.array([(*each.numbers, 5) for each in layers], np.int16).ravel()
    of_weights, of_biases = sum(each.weights for each in layers), sum(each.biases for each in layers)
    inputs = int(np.prod(layers[0].shape))
    if dtype == np.int8:
        weights, sample = (random.integers(-128, 128, n).astype(np.int8) for n in (of_weights, inputs))
        return layers, (numbers, weights, random.integers(-3000, 3000, of_biases).astype(np.int32)), sample
    # Small whole numbers: sums of them are exact in whatever order.
    weights, biases, sample = (random.integers(-9, 9, n).astype(np.float32) for n in (of_weights, of_biases, inputs))
    return layers, (numbers, weights, biases), sample


def reference(layers, arrays, sample):
    """Return what the last layer gives, by NumPy."""
    _, weights, biases = arrays
    is_float = weights.dtype == np.float32
    x = sample.astype(np.float64 if is_float else np.int64)
    w_at = b_at = 0
    for number, layer in enumerate(layers):
        windows = np.lib.stride_tricks.sliding_window_view(x.reshape(layer.shape), layer.window, axis=(0, 1))
        windows = windows[:: layer.step[0], :: layer.step[1]]  # height, width, channels, rows, columns
        if not layer.is_sum:
            x = windows.max(axis=(3, 4))
            continue
        w = weights[w_at : w_at + layer.weights].astype(x.dtype)
        w = w.reshape(layer.outputs, *layer.window, layer.shape[2])
        x = np.einsum("yxcij,kijc->yxk", windows, w) + biases[b_at : b_at + layer.outputs]
        w_at, b_at = w_at + layer.weights, b_at + layer.outputs
        if number < len(layers) - 1:
            x = np.maximum(x, 0) if is_float else np.clip(x.astype(np.int64) >> 5, 0, 127)
    return x.ravel()


@pytest.mark.parametrize("dtype", [np.int8, np.float32])
@pytest.mark.parametrize("form", ["native", "python"])
def test_networks_give_what_numpy_gives(board, natmod, form, dtype):
    random = np.random.default_rng(3)
    module = natmod("network", form=form)
    for text in NETWORKS:
        layers, arrays, sample = made(text, dtype, random)
        expected = reference(layers, arrays, sample)
        out = board.hold(np.zeros(len(expected), np.int32 if dtype == np.int8 else np.float32))
        module.new(*arrays).run(sample, out)
        np.testing.assert_array_equal(board.fetch(out), expected)


def test_networks_that_do_not_fit_are_refused(natmod):
    module = natmod("network")
    layers, (numbers, weights, biases), sample = made("6x5x2 | c3x3x2 p2x1 4", np.int8, np.random.default_rng(4))
    of_first = ((0, 2), (0, -1), (1, 7), (3, 0), (4, 7), (6, 0), (8, 4), (9, 32), (9, -1))
    for at, value in (*of_first, (10, 0), (20, 1), (23, 7)):
        wrong = numbers.copy()
        wrong[at] = value
        with pytest.raises(GuestException, match="ValueError"):
            module.new(wrong, weights, biases)
    for arrays in (
        (numbers[:-1], weights, biases), (numbers[:0], weights, biases), (numbers, weights[:-1], biases),
        (numbers, weights, np.append(biases, biases)),
        (np.array([0, 32767, 32767, 32767, 1, 1, 1, 1, 1, 0], np.int16), weights, biases),
    ):  # fmt: skip
        with pytest.raises(GuestException, match="ValueError"):
            module.new(*arrays)
    with pytest.raises(GuestException, match="TypeError"):
        module.new(numbers, weights, biases.astype(np.float32))
    made_one, out = module.new(numbers, weights, biases), np.zeros(layers[-1].outputs, np.int32)
    for x, to in ((sample[1:], out), (sample, out[1:])):
        with pytest.raises(GuestException, match="ValueError"):
            made_one.run(x, to)
    for x, to in ((sample.astype(np.float32), out), (sample, out.astype(np.float32))):
        with pytest.raises(GuestException, match="TypeError"):
            made_one.run(x, to)


@pytest.mark.parametrize("form", ["native", "python"])
def test_features_are_scaled(board, natmod, form):
    module = natmod("scaler", form=form)
    table = np.array([[100, 0.5], [0, 1], [-3, 2000], [5, -2000], [0, 0.5], [0, 0.5]], np.float32)
    for x in (np.array([101, 7, 30, 40, 5, -7], np.int16), np.array([101, 7, 30.5, 40, 5, -7], np.float32)):
        out = board.hold(np.zeros_like(x))
        module.scaled(x, table.ravel(), out)
        exact = (x - table[:, 0]) * table[:, 1]
        expected = np.clip(np.rint(exact), -32768, 32767) if x.dtype == np.int16 else exact
        np.testing.assert_array_equal(board.fetch(out), expected)
    with pytest.raises(GuestException, match="ValueError"):
        module.scaled(x, table.ravel()[1:], np.zeros_like(x))


def test_scaler_refuses_other_types(natmod):
    module, table = natmod("scaler"), np.ones(4, np.float32)
    for x, of_table, out in (("h", "f", "f"), ("f", "f", "h"), ("h", "h", "h"), ("b", "f", "b")):
        types = {"h": np.int16, "f": np.float32, "b": np.int8}
        with pytest.raises(GuestException, match="TypeError"):
            module.scaled(np.ones(2, types[x]), table.astype(types[of_table]), np.zeros(2, types[out]))
