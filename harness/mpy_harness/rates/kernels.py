"""The kernels that a device is measured with, what they are given, and what has to come out.

Each works on a type of data. ``int16`` data are those of a converter of 12 bits, so that a sum of their products has
room in the 31 bits of MicroPython's small integers; coefficients have 7, 15 or 14 bits after the point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

DataType = Literal["int8", "int16", "float32"]
DATA_TYPES: tuple[DataType, ...] = get_args(DataType)

Array = NDArray[Any]

_LENGTH = 256  # of a sum of products, and of a block to convert
_WIDTH = 16  # of an image to convolve, which is as high
_POINTS = 64  # of a transform
_BANDS = 12  # of a mel spectrum
_SECTIONS, _BLOCK = 3, 64
_TREES, _DEPTH, _FEATURES, _CLASSES = 10, 6, 16, 4
_FULL = {"int8": 127, "int16": 2047, "float32": 1.0}
_ONE = {"int8": 128, "int16": 32768, "float32": 1}
_ONE_OF_TWO = {"int8": 64, "int16": 16384, "float32": 1}  # for coefficients up to 2


@dataclass(frozen=True)
class Given:
    """What one call of a kernel gets, and what it is to leave at the beginning of ``out``.

    ``units`` are how often it does what its rate is told of; ``tolerance`` is by how much a result may be off, or each.
    """

    src: Array
    coefs: Array
    table: Array
    out: Array
    expected: Array
    units: int
    tolerance: float | Array


@dataclass(frozen=True)
class Kernel:
    """``unit`` is what it does, told in the plural; ``about`` what it is given; ``given`` makes that."""

    name: str
    unit: str
    about: str
    given: Callable[[DataType, np.random.Generator], Given]


def _numbers(kind: DataType, values: Array, one: float) -> Array:
    """Return numbers of -1 to 1 as the type has them: rounded, and what is 1 as the most below it."""
    if kind == "float32":
        return np.asarray(values, np.float32)
    info = np.iinfo(kind)
    return np.clip(np.rint(values * one), info.min, info.max).astype(kind)


def _signal(kind: DataType, random: np.random.Generator, length: int) -> Array:
    level = 10 ** random.uniform(-1, -0.05)
    tone = np.sin(np.arange(length) * random.uniform(0.05, 1.5) + random.uniform(0, 6))
    return _numbers(kind, level * np.clip(tone + 0.1 * random.standard_normal(length), -1, 1), _FULL[kind])


def _sums(kind: DataType, length: int) -> Array:
    return np.zeros(length, np.float32 if kind == "float32" else np.int32)


_NO_TABLE = np.zeros(1, np.int16)


def _multiply_add(kind: DataType, random: np.random.Generator) -> Given:
    src, coefs = _signal(kind, random, _LENGTH), _signal(kind, random, _LENGTH)
    expected = np.array([src.astype(float) @ coefs.astype(float)])
    tolerance = 1e-4 if kind == "float32" else 0
    return Given(src, coefs, _NO_TABLE, _sums(kind, 1), expected, _LENGTH, tolerance)


def _convolution(kind: DataType, random: np.random.Generator) -> Given:
    image = _signal(kind, random, _WIDTH * _WIDTH)
    weights = random.uniform(-1, 1, 9)
    weights = _numbers(kind, weights / np.abs(weights).sum(), _ONE[kind])
    windows = np.lib.stride_tricks.sliding_window_view(image.reshape(_WIDTH, _WIDTH).astype(float), (3, 3))
    expected = (windows @ weights.reshape(3, 3).T.astype(float)).trace(axis1=2, axis2=3).reshape(-1) / _ONE[kind]
    out = np.zeros(expected.size, kind)
    table = np.array([_WIDTH, _WIDTH], np.int16)
    return Given(image, weights, table, out, expected, expected.size, _rounded(kind, 1))


def _rounded(kind: DataType, steps: float) -> float:
    """Return what may be lost by so many roundings of numbers of about 1."""
    return 1e-5 if kind == "float32" else steps


def _tree_nodes(kind: DataType, random: np.random.Generator) -> Given:
    # The forest is always the same; what differs is the sample, and with it the way through the trees.
    growing = np.random.default_rng(20261130)
    roots: list[int] = []
    nodes: list[list[int]] = []
    thresholds: list[float] = []
    for _ in range(_TREES):
        roots.append(len(nodes))
        _grow(growing, 0, nodes, thresholds)
    coefs = _numbers(kind, np.array(thresholds), _FULL[kind])
    sample = _numbers(kind, random.uniform(-1, 1, _FEATURES), _FULL[kind])
    votes, visited = np.zeros(_CLASSES, np.int32), 0
    for root in roots:
        at = root
        while at >= 0:
            feature, below, above = nodes[at]
            at = below if sample[feature] < coefs[at] else above
            visited += 1
        votes[-1 - at] += 1
    table = np.array([_TREES, *roots, *(number for node in nodes for number in node)], np.int16)
    return Given(sample, coefs, table, np.zeros(_CLASSES, np.int32), votes, visited, 0)


def _grow(random: np.random.Generator, depth: int, nodes: list[list[int]], thresholds: list[float]) -> int:
    """Add a node and those below it; return its number, or that of a leaf."""
    if depth and (depth > _DEPTH or random.uniform() < 0.15):
        return -1 - int(random.integers(_CLASSES))
    number = len(nodes)
    nodes.append([int(random.integers(_FEATURES)), 0, 0])
    thresholds.append(float(random.uniform(-0.7, 0.7)))
    nodes[number][1:] = [_grow(random, depth + 1, nodes, thresholds) for _ in range(2)]
    return number


def _factors(kind: DataType) -> Array:
    turns = np.exp(-2j * np.pi * np.arange(_POINTS // 2) / _POINTS)
    return _numbers(kind, turns.view(float), _ONE[kind])


def _fft(kind: DataType, random: np.random.Generator) -> Given:
    src = _signal(kind, random, 2 * _POINTS)
    if kind != "float32":  # a complex number is no longer than full scale
        src = (src * 0.7).astype(kind)
    spectrum = np.fft.fft(src.astype(float).view(complex)) / _POINTS
    return Given(src, _factors(kind), _NO_TABLE, np.zeros_like(src), spectrum.view(float), 1, _rounded(kind, 8))


def _mel_spectrum(kind: DataType, random: np.random.Generator) -> Given:
    src = _signal(kind, random, _POINTS)
    window = _numbers(kind, np.hanning(_POINTS + 1)[:-1], _ONE[kind])
    table, weights = _bands()
    steps = 1 if kind == "float32" else 127
    scaled = (weights if kind == "float32" else np.rint(weights * steps)).astype(kind)
    spectrum = np.fft.fft(src.astype(float) * window.astype(float) / _ONE[kind]) / _POINTS
    power = np.abs(spectrum) ** 2 / (1 if kind == "float32" else 16)
    # The power of a bin whose amplitude is a few steps too large.
    most = (np.abs(spectrum) + _rounded(kind, 4)) ** 2 / (1 if kind == "float32" else 16) + (kind != "float32")
    expected, upper, at = [], [], 0
    for first, count in table[1:].reshape(-1, 2).tolist():
        weight = scaled[at : at + count].astype(float)
        expected.append(power[first : first + count] @ weight)
        upper.append(most[first : first + count] @ weight)
        at += count
    coefs = np.concatenate([window, _factors(kind), scaled])
    out = np.zeros(4 * _BANDS + 2 * _POINTS * src.itemsize, np.uint8).view(
        np.float32 if kind == "float32" else np.int32
    )
    tolerance = np.array(upper) - expected
    return Given(src, coefs, table, out, np.array(expected), 1, tolerance)


def _bands() -> tuple[Array, Array]:
    """Return the table of triangular bands on the mel scale, and their weights one after the other."""
    edges = np.expm1(np.linspace(0, np.log1p(8000 / 700), _BANDS + 2)) * 700 / 16000 * _POINTS
    table = [_BANDS]
    weights: list[float] = []
    for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
        bins = np.arange(int(low), int(np.ceil(high)) + 1)
        shape = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
        some = np.flatnonzero(shape)
        first, count = (int(bins[some[0]]), len(some)) if some.size else (round(middle), 1)
        table += [first, count]
        weights += shape[some].tolist() if some.size else [1.0]
    return np.array(table, np.int16), np.array(weights)


def _conversion(kind: DataType, random: np.random.Generator) -> Given:
    src = _signal(kind, random, _LENGTH)
    if kind == "float32":
        scaled = src.astype(np.float32) * np.float32(32768)
        return Given(src, np.array([32768], np.float32), _NO_TABLE, np.zeros(_LENGTH, np.int16), scaled, _LENGTH, 1)
    factor = np.array([1 / _ONE[kind]], np.float32)
    return Given(src, factor, _NO_TABLE, np.zeros(_LENGTH, np.float32), src * factor, _LENGTH, 1e-6)


def _biquad(kind: DataType, random: np.random.Generator) -> Given:
    src = _signal(kind, random, _BLOCK)
    radius, angle = random.uniform(0.4, 0.7, _SECTIONS), random.uniform(0.4, 2.6, _SECTIONS)
    a1, a2 = -2 * radius * np.cos(angle), radius**2
    gain = (1 + a1 + a2) / 4
    coefs = _numbers(kind, np.column_stack([gain, 2 * gain, gain, a1, a2]), _ONE_OF_TWO[kind])
    signal = src.astype(float)
    for section in coefs.astype(float) / _ONE_OF_TWO[kind]:
        signal = _filtered(signal, section)
    # Integers are cut after each section, and what is lost comes back by the poles, several times as large.
    return Given(
        src, coefs.reshape(-1), np.array([_SECTIONS], np.int16), np.zeros_like(src), signal, _SECTIONS * _BLOCK,
        1e-4 if kind == "float32" else 16,
    )  # fmt: skip


def _filtered(signal: Array, section: Array) -> Array:
    b0, b1, b2, a1, a2 = section.tolist()
    out = np.zeros_like(signal)
    x1 = x2 = y1 = y2 = 0.0
    for at, x in enumerate(signal.tolist()):
        y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
        x1, x2, y1, y2 = x, x1, y, y1
        out[at] = y
    return out


#: Conversions are from the type: of integers to float32, of float32 to int16, cut and saturated.
KERNELS = (
    Kernel("multiply_add", "multiply-adds", f"sum of {_LENGTH} products", _multiply_add),
    Kernel("convolution", "3×3 convolutions", f"image of {_WIDTH} × {_WIDTH}", _convolution),
    Kernel("tree_nodes", "tree nodes", f"{_TREES} trees, depth {_DEPTH}, {_FEATURES} features", _tree_nodes),
    Kernel("fft", "FFTs", f"{_POINTS} complex points, radix 2", _fft),
    Kernel("mel_spectrum", "mel spectra", f"{_POINTS} samples, window, {_BANDS} bands", _mel_spectrum),
    Kernel("conversion", "conversions", f"{_LENGTH} numbers", _conversion),
    Kernel("biquad", "biquad sections", f"{_SECTIONS} sections, {_BLOCK} samples", _biquad),
)  # fmt: skip
