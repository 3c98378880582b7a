"""Models in TinyMaix's form that are counted for estimates: random weights, sizes of every kind of layer.

They are written by the layout that ``costs/tinymaix_file.py`` names.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from mpy_harness.costs.tinymaix import DType, Shape

#: Input, then layers: "c8x3" a convolution with 8 filters of 3 × 3, "d3" one of each channel by itself ("d3*2" two of
#: each), "/2" its stride, "p" behind it with borders, "!" with ReLU6; "m" the mean of each channel, "r" a reshape, "a"
#: the sum with itself, a number a dense layer, "s" softmax.
MODELS = (
    "28x28x1 | c4x3/2 c8x3/2 m 10 s", "12x12x1 | c6x3 r 10 s", "16x16x3 | c8x3/2p d3p c16x1 m 4 s",
    "10x10x4 | d3! c12x1! m r 6 s", "14x14x2 | c8x5/2p c12x3 r 7 s", "8x8x16 | c16x1 c32x1 m 3", "1x1x100 | 33 17 9 s",
    "9x9x8 | d3*2p c7x1 d5p m 5 s", "16x16x1 | c5x3p a c6x2/2 r 4 s",
    "20x20x3 | c8x3/2p! d3p! c16x1! d3/2p! c24x1! m 8", "6x6x12 | c12x3p a a m 10 s", "24x8x1 | c8x4/2 d3 c10x1 r 12",
    "11x11x5 | d2 c9x1 d4/3p m s", "7x7x24 | c24x3p m 10 s", "32x32x1 | c2x5/3p c4x3/2p r 5 s", "5x5x3 | r 64 32 s",
    "13x13x6 | c11x1 d3/2p a c13x1 m 3 s", "18x18x2 | c6x4/2p! r 6", "8x8x8 | c8x3p! d3*3p! c15x1! m 2 s",
    "1x1x250 | 40 s", "15x15x1 | c3x2 d3p d3p m s", "10x10x3 | c10x3p c10x3p m 10 s", "12x12x4 | c17x1 c9x1 c5x1 m s",
    "6x6x30 | d3p c30x1 d3p c30x1 m 6 s", "22x22x1 | c8x3/3 c16x2/2p r 10 s", "9x9x3 | c4x5p! a d3/2! c9x1 r 11 s",
    "16x16x8 | d5/2p c16x1 m 12 s", "4x4x64 | c20x1 r 10", "7x7x10 | c14x2/2 m 14",
    "26x26x1 | c4x5/2p d3p c8x1 d3/2p c16x1 m 10 s", "8x8x2 | c16x3p c8x3 r 9 s", "1x1x64 | 64 64 10 s",
    "10x10x6 | d3p! d3p! d3p! m 4", "14x14x1 | c9x3p! c9x1! c9x1! m 7 s", "12x12x3 | a c8x3/2 r 3 s",
    "10x10x3 | c16x1! a m 5 s", "10x10x11 | c10x3/3! m 13 s", "9x8x1 | d3p! c6x5p c3x3/3p d2/2p m s",
    "6x6x3 | c8x2/2! c2x2p c5x2/3 8 6", "10x10x4 | c10x2/2p m 3", "6x6x2 | c6x1! c7x1 c3x1 c6x3 r 10",
    "8x8x2 | c3x5 m 3 6 s", "5x8x2 | c6x3 c8x2 m 3 s", "8x8x11 | c3x1 a a d4 m 5 6", "7x7x8 | d3*2/3p! c4x1 c2x3 3 6",
    "10x10x8 | a c5x2 c8x3p m 10 s", "16x16x11 | a d5 c12x1 d3! m 2 6", "12x12x4 | c6x1! c5x3/2p! m",
    "6x6x4 | d3p a r 10 s", "14x14x6 | c10x3 a c7x1 a m", "10x10x1 | d3p a r 10 6", "7x8x3 | c2x5/3p d2/2 3",
    "14x14x8 | c5x3 c4x1! d3/2 m", "16x16x3 | c3x5/3p r s", "12x12x11 | d3/2p d3p c6x3! a m 5 s",
    "5x5x3 | c5x3p! r 2 s", "9x9x3 | d3p! c3x5! d3/3p m 8", "16x11x1 | c5x3 m 10", "8x8x1 | c7x1 d3p c3x3p m 5 s",
    "14x14x2 | d3*2 c2x4p! m 13", "4x8x3 | c9x1 c6x3/3p m 2 6 s", "6x6x8 | d5! r 13 6 s",
    "9x9x3 | c8x3 c7x1 c12x1! a m s", "6x6x2 | c8x3 m", "7x7x8 | d4p c9x1 m 10 6", "12x4x6 | c6x3/2! m 13 s",
    "14x14x1 | c7x1 c5x5/2p m 8 6", "7x7x1 | c4x1 c10x4/3p c9x1 m s", "14x14x8 | c16x1 c5x3 m",
    "7x8x4 | c4x1 d4/3! r s", "10x8x1 | c16x1 c10x3 m s", "6x6x6 | a c6x1! m", "9x9x4 | d3*2 d3*2 d3/2p c3x1 m",
    "5x5x11 | a c12x1 r", "6x6x8 | c12x1 a m 5 s", "9x9x2 | c6x3/3 r 2", "8x11x3 | c10x4p m s",
    "6x6x11 | c4x1 c8x3/2p m 10 6 s", "12x12x2 | d3p a m 10 6 s", "14x14x1 | c6x1 c2x2/3p c6x1 m 2",
    "12x12x11 | d2p! m 2 6 s", "8x4x11 | c8x3/3 r s", "12x12x11 | d2p c9x1! d3*2p c9x1 m",
    "10x10x3 | c6x5p! c6x4! c9x1! d3p! m 8", "10x10x4 | c6x2p c6x5 c6x1 r 2 s", "12x11x4 | d3 d5p! m 13 6 s",
    "8x8x6 | d5! m 2 6 s", "7x7x2 | c7x1 d4/2 r 5", "7x7x11 | d2 c16x1 d3p c7x1 m", "9x9x4 | c3x1 d4p d3 d4 m 2 s",
    "12x12x1 | c10x5p! a m", "14x14x2 | c6x2/3p d5p a c4x1! m 3", "9x9x4 | a c6x1 m 2 s",
    "12x11x1 | c16x1 c16x1 m 10 6 s", "9x9x4 | c7x1! d2/2 c3x3! r 5 6 s", "8x8x2 | c16x1! d3*2/2 d2/3",
    "5x11x11 | d5/3p m 3", "10x10x2 | c3x1 c3x2p c6x1! m 2 s", "5x5x1 | c10x2! d2p m 8 6 s", "9x9x4 | c4x1 m 2",
    "7x7x2 | c8x4/2p! r 2 6 s", "16x16x1 | c3x3! a c10x4/2 c2x3p r s", "5x8x4 | c16x1 c6x1! c4x1 c7x1 m",
    "10x10x3 | c9x1! c8x3! c3x1 d4/3 m 3", "7x7x2 | c6x3p! d2/3! m", "8x8x2 | c3x1! a c7x1 d3/2! m s",
    "9x9x4 | d4*2p d3p! c8x4p! c4x1 m 13 s", "5x5x3 | c16x1 c2x5p r 2 6 s", "12x12x6 | c7x1 a c3x2 m 10",
    "5x5x3 | c7x1! c9x1 m 2", "12x12x4 | c4x1 a c3x1 m s", "9x9x1 | c3x1! c16x1 m", "10x10x2 | c8x3/2p a m 13 s",
    "8x8x8 | c9x1! m 8 s", "5x5x11 | d3 d3 3 6", "14x14x8 | c4x1! c4x1! d2/2p m s", "10x8x3 | d3p d2*2/3! m 3 6",
    "7x7x11 | c3x3p d4*2/3p a d3/3p s", "9x9x1 | c2x4/2 c9x1 c16x1! m 10", "9x9x1 | c3x3p! r",
    "16x16x4 | c16x1 d5/2p c16x1 a m",
    "6x6x2 | c5x3p r", "9x9x2 | c4x2 r", "8x8x4 | c6x1 r", "7x7x3 | c4x3p r", "12x12x2 | c2x5 r", "5x5x10 | c9x1 s",
    "10x10x1 | c6x3/2 r s", "1x1x60 | 90", "1x1x40 | 50 s", "9x9x4 | d3*2 r", "8x8x8 | c12x1/2 r",
)  # fmt: skip
_SEED = 20261201
_KINDS = {"c": 0, "m": 1, "s": 3, "r": 4, "d": 5, "a": 6}
_DENSE, _RELU, _RELU6 = 2, 1, 3
_WINDOW = re.compile(r"([cd])(?:(\d+)x)?(\d+)(?:\*(\d+))?(?:/(\d+))?(p?)(!?)")
_SCALE, _GAIN = 1 / 16, 50  # random int8 by random int8: such scales keep sums within a byte, most of them


@dataclass(frozen=True)
class _Made:
    kind: int
    shape: Shape
    gives: Shape
    body: bytes = b""
    weights: tuple[int, int] = (0, 0)  # how many, and how many to a sum


def is_held_out(number: int) -> bool:
    """Tell whether nothing is fitted to a model of MODELS."""
    return number % 2 == 1


def made(text: str, dtype: DType = "int8") -> bytes:
    """Return the model that a line of MODELS stands for, as a file of TinyMaix's has it."""
    before, _, words = text.partition(" | ")
    shape = _sizes(before)
    layers: list[_Made] = []
    for word in words.split():
        layers.append(_layer(word, shape))
        shape = layers[-1].gives
    item = 1 if dtype == "int8" else 4
    # What softmax computes are floats, and so are outputs that are dequantised: room for both behind each half.
    room = max(prod(each) * item for layer in layers for each in (layer.shape, layer.gives)) + 8 * prod(shape) + 16
    half = -(-room // 8) * 8
    random = np.random.default_rng([_SEED, *text.encode()])
    bodies = [_body(layer, number, len(layers), half, random, dtype) for number, layer in enumerate(layers)]
    numbers = (0 if dtype == "int8" else 2, 1, 1, 1, len(layers), 2 * half, 0, 3, *layers[0].shape, 3, *shape)
    return struct.pack("<4sBBHHHII4H4H28x", b"MAIX", *numbers) + b"".join(bodies)


def _layer(word: str, shape: Shape) -> _Made:
    if word.isdigit():
        inputs, outputs = prod(shape), int(word)
        return _Made(_DENSE, (1, 1, inputs), (1, 1, outputs), weights=(inputs * outputs, inputs))
    if (found := _WINDOW.fullmatch(word)) is None:
        gives = {"m": (1, 1, shape[2]), "r": (1, 1, prod(shape))}.get(word, shape)
        return _Made(_KINDS[word], shape, gives)
    kind, filters, size, multiplier, stride, padded, clipped = found.groups()
    window, step = int(size), int(stride or 1)
    depth = int(multiplier or 1) if kind == "d" else 0
    outputs = shape[2] * depth if depth else int(filters)
    # As many places as steps fit into the input, where there are borders.
    borders = [max(0, window + (length - 1) // step * step - length) if padded else 0 for length in shape[:2]]
    height, width = ((n + border - window) // step + 1 for n, border in zip(shape[:2], borders, strict=True))
    pads = [part for border in borders for part in (border // 2, border - border // 2)]
    inputs = window * window * (1 if depth else shape[2])
    act = _RELU6 if clipped else _RELU
    body = struct.pack("<6BH4BI4x", window, window, step, step, 1, 1, act, *pads, depth)
    return _Made(_KINDS[kind], shape, (height, width, outputs), body, (inputs * outputs, inputs))


def _body(layer: _Made, number: int, count: int, half: int, random: np.random.Generator, dtype: DType) -> bytes:
    is_last = number == count - 1
    places = number % 2 * half, (number + 1) % 2 * half
    after, behind = layer.body, b""
    if layer.weights[0]:
        outputs, base = layer.gives[2], 48 + len(layer.body) + (12 if layer.body else 16)
        of_layer = layer.kind == _DENSE
        scales: NDArray[np.generic] = np.full(
            1 if of_layer else outputs, 1 / (_GAIN * layer.weights[1] ** 0.5), np.float32
        )
        if dtype == "int8":
            weights: NDArray[np.generic] = random.integers(-127, 128, layer.weights[0]).astype(np.int8)
            biases: NDArray[np.generic] = random.integers(-999, 1000, outputs).astype(np.int32)
        else:
            scales = scales[:0]
            weights = (random.normal(0, 1, layer.weights[0]) / layer.weights[1] ** 0.5).astype(np.float32)
            biases = random.normal(0, 1, outputs).astype(np.float32)
        parts = [_aligned(each.tobytes(), 4) for each in (scales, weights, biases)]
        starts = base, base + len(parts[0]), base + len(parts[0]) + len(parts[1])
        after += struct.pack("<3I", *starts) + (b"" if layer.body else bytes(4))
        behind = b"".join(parts)
    elif layer.kind == _KINDS["a"]:
        after = struct.pack("<If", places[0], _SCALE) + bytes(8)
    quantised = struct.pack("<fifi", _SCALE, 0, _SCALE, 0)
    rest = _aligned(quantised + after + behind, 8)
    dims = (3, *layer.shape, 3, *layer.gives)
    return struct.pack("<HHIII4H4H", layer.kind, is_last, 32 + len(rest), *places, *dims) + rest


def _sizes(text: str) -> Shape:
    height, width, channels = (int(each) for each in text.split("x"))
    return height, width, channels


def _aligned(data: bytes, size: int) -> bytes:
    return data + bytes(-len(data) % size)
