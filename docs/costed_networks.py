"""The networks whose costs are measured: dense layers, convolutions, pooling, in both types of numbers.

Their weights are random: what a run takes depends on the sizes, and on cores without an FPU a little on the values.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docs.costed_models import RUNS, SEED, Case, is_held_out
from mpy_harness.costs.network import DTYPES, DType, Layer, network_stage
from mpy_harness.costs.network_file import layers_of

#: Input, then layers: a number is a dense layer of so many outputs, "c8x3" a convolution with 8 filters of 3 × 3,
#: "/2" its stride, "p2" the greatest of 2 × 2.
NETWORKS = (
    "4 | 3", "13 | 8 3", "30 | 16 16 2", "64 | 32 10", "20 | 64 32 4", "64 | 10", "100 | 50 25 12 6", "10 | 100 10",
    "8x8x1 | c8x3 p2 10", "8x8x1 | c4x3 c8x3 10", "8x8x1 | p2 c8x2 10", "12x12x1 | c4x5 p2 c8x3 4",
    "16x16x1 | c8x3/2 c16x3 10", "16x10x1 | c6x3 p2 c12x3 16 5", "8x8x3 | c8x3 p2 16 10", "16x20x1 | c8x3x20 p2x1 4",
    "12x12x2 | p3 20 5", "20x20x1 | c4x3/2 p2 c8x2 6", "10x10x1 | c16x1 p2 10", "28x28x1 | c4x5/2 p2 c8x3 10",
    "16x16x3 | c8x5/2 p3x2 12 3", "32x1x3 | c8x5x1 p2x1 c12x3x1 5", "40x1x1 | c4x8x1/2 p4x1 3",
    "14x14x1 | p2 c4x3 p2 8", "8x8x8 | c8x3 10", "6x6x16 | c16x3 p2 8", "9x9x4 | c4x1 c4x3/3 p3 7",
    "24x8x1 | c8x4x2 p2 20 4", "8 | 24 24 24 5", "40 | 8 8 8 3", "6x6x1 | p2 12 3", "20x1x2 | c4x3x1 c4x3x1 p2x1 6",
    "11x11x1 | c2x3 p3 10", "7x7x2 | c6x2/2 c8x2 4", "16x16x1 | p4 16 10", "12x4x3 | c8x3x4 16 3", "200 | 12 2",
    "10x10x3 | c3x1 p2 c6x3 5", "16x1x1 | c16x4x1 p4x1 20 2", "30x10x1 | c4x10x4/2 p2 12",
)  # fmt: skip
_PRODUCTS = 20_000  # multiply-adds that are enough to take the mean of, where floats are computed by a library


def network_cases(names: Container[str] | None = None) -> Iterator[Case]:
    """Return the networks of these names, or all, in both types of numbers."""
    for number, text in enumerate(NETWORKS):
        for dtype in DTYPES:
            name = f"{text}, {dtype}"
            if names is None or name in names:
                yield _case(name, number, text, dtype)


def network(text: str) -> dict[str, Any]:
    """Return the description that a line of NETWORKS stands for."""
    before, _, layers = text.partition(" | ")
    return {"input": _sizes(before), "layer": [_table(word) for word in layers.split()]}


def _table(word: str) -> dict[str, Any]:
    window, _, stride = word.partition("/")
    if word[0] == "p":
        return {"kind": "pool", "size": _window(_sizes(window[1:]))}
    if word[0] == "c":
        filters, *size = _sizes(window[1:])
        return {"kind": "conv2d", "filters": filters, "size": _window(size), "stride": int(stride or 1)}
    return {"kind": "dense", "units": int(word)}


def _sizes(text: str) -> list[int]:
    return [int(each) for each in text.split("x")]


def _window(size: list[int]) -> list[int]:
    return size if len(size) > 1 else 2 * size


def _case(name: str, number: int, text: str, dtype: DType) -> Case:
    random = np.random.default_rng(SEED + number)
    layers = layers_of(network(text), name)
    stage = network_stage(name, layers, dtype)
    numbers = np.array([(*each.numbers, _shift(each)) for each in layers], np.int16).ravel()
    weights = [random.normal(0, 1, each.weights) for each in layers]
    biases = [random.normal(0, 1, each.biases) for each in layers]
    runs = int(max(1, min(RUNS, _PRODUCTS // stage.sizes["products"])))
    samples = random.uniform(0, 1, (runs, int(np.prod(layers[0].shape))))
    arrays: tuple[NDArray[Any], ...]
    if dtype == "int8":
        arrays = (
            numbers, np.concatenate(weights).clip(-4, 4).__mul__(30).astype(np.int8),
            np.concatenate(biases).__mul__(1000).astype(np.int32),
        )  # fmt: skip
        inputs = (127 * samples).astype(np.int8)
    else:
        fan_in = [max(1, layer.weights / layer.outputs) for layer in layers]
        scaled = [each / np.sqrt(number) for each, number in zip(weights, fan_in, strict=True)]
        arrays = numbers, np.concatenate(scaled).astype(np.float32), np.concatenate(biases).astype(np.float32)
        inputs = samples.astype(np.float32)
    assert sum(each.nbytes for each in arrays) == stage.data
    out = np.zeros(int(np.prod(layers[-1].gives)), np.int32 if dtype == "int8" else np.float32)
    named = zip(("layers", "weights", "biases"), arrays, strict=True)
    file = "".join(f"{what} = {each.tobytes()!r}\n" for what, each in named)
    return Case(name, is_held_out(number), stage, "run", arrays, list(inputs), out, file=file.encode())


def _shift(layer: Layer) -> int:
    # Sums of so many products stay within 127, most of them.
    return int(np.log2(max(1, 30 * np.sqrt(layer.weights / layer.outputs)))) if layer.is_sum else 0
