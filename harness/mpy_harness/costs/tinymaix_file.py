"""Read models of TinyMaix: the binary (``.tmdl``), or the C array of it that its converter writes. They are data.

The layout is that of sipeed/TinyMaix, include/tinymaix.h at commit 0532eceb: ``tm_mdlbin_t``, which each layer
follows with ``tml_head_t`` and what its kind has besides. All numbers are little-endian here.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

from mpy_harness.costs.stage import Stage
from mpy_harness.costs.tinymaix import DTYPES, Kind, Layer, Shape, tinymaix_stage
from mpy_harness.errors import ModelInvalid
from mpy_harness.limits import TEXT_BYTES
from mpy_harness.resources import read_file

SUFFIX = ".tmdl"

_HEAD = struct.Struct("<4sBBHHHII4H4H28x")  # tm_mdlbin_t
_LAYER = struct.Struct("<HHIII4H4H16x")  # tml_head_t, without scales and zero points
_CONV = struct.Struct("<6BH4BI4x3I")  # tml_conv2d_dw_t after that
_DENSE = struct.Struct("<3I4x")  # tml_fc_t after that
_ADD = struct.Struct("<I12x")  # tml_add_t after that
_MAGIC, _BIAS = b"MAIX", 4
_TYPES = ("int8", "int16", "float32", "float16", "fp8_143", "fp8_152")
_KINDS: tuple[Kind, ...] = ("conv2d", "mean", "dense", "softmax", "reshape", "depthwise", "add")
_RELU6, _ACTIVATIONS = 3, 6
#: The largest model in the project has 32 layers; of each a few hundred places at borders are looked at.
_MOST_LAYERS = 1000
_ARRAY = re.compile(r"\bmdl_data\[\d*\]\s*=\s*\{([^{}]*)(\}?)")
_BYTE = re.compile(r"[\s\\]*(0[xX][0-9A-Fa-f]{1,2}|\d{1,3})[\s\\]*(?:,|$)")


@dataclass(frozen=True)
class _Model:
    data: bytes
    item: int  # bytes of a weight
    buffer: int


def is_c_array(file: Path) -> bool:
    """Tell whether a file of C has a model of TinyMaix, in the array that its converter writes."""
    try:
        return _ARRAY.search(read_file(file, TEXT_BYTES).decode()) is not None
    except (OSError, ValueError):
        return False


def read_tinymaix(file: Path) -> Stage:
    """Return what a run of the model in a file takes in TinyMaix. Raises ModelInvalid."""
    try:
        return _stage(model_bytes(file), file.name)
    except OSError as error:
        raise ModelInvalid(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ModelInvalid(f"{file} is no model of TinyMaix that can be estimated: {error}.") from None


def model_bytes(file: Path) -> bytes:
    """Return the binary of a model, from it or from the C array. Raises OSError, ValueError."""
    raw = read_file(file, TEXT_BYTES)
    if file.suffix == SUFFIX:
        return raw
    found = _ARRAY.search(raw.decode())
    if found and not found[2]:
        raise ValueError("its array mdl_data has no end")
    body = found[1].strip(" \t\r\n\\") if found else ""
    numbers, at = bytearray(), 0
    while at < len(body):
        number = _BYTE.match(body, at)
        if number is None or (value := int(number[1], 0)) > 255:
            raise ValueError(f"its array has {body[at : at + 20].strip()!r} where a byte should be")
        numbers.append(value)
        at = number.end()
    return bytes(numbers)


def _stage(data: bytes, name: str) -> Stage:
    if len(data) < _HEAD.size:
        raise ValueError(f"it has {len(data)} bytes, less than its head")
    magic, number, dequantises, _, outputs, count, buffer, sub, *_ = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise ValueError("it does not begin with MAIX")
    if number >= len(_TYPES):
        raise ValueError(f"it has numbers of type {number}; there are 0 to {len(_TYPES) - 1}")
    dtype = next((each for each in DTYPES if each == _TYPES[number]), None)
    if dtype is None:
        raise ValueError(f"its numbers are {_TYPES[number]}; what was counted are {' and '.join(DTYPES)}")
    if not 0 < count <= _MOST_LAYERS or not outputs:
        raise ValueError(f"it has {count} layers, and outputs {outputs} of them")
    model = _Model(data, 1 if dtype == "int8" else 4, buffer)
    layers = list(_layers(model, count))
    given = sum(prod(layer.gives) for layer in layers if layer.is_output) if dequantises and dtype == "int8" else 0
    return tinymaix_stage(name, layers, dtype, size=len(data), buffer=buffer + sub, dequantised=given)


def _layers(model: _Model, count: int) -> Iterator[Layer]:
    at = _HEAD.size
    for number in range(1, count + 1):
        if at + _LAYER.size > len(model.data):
            raise ValueError(f"it ends before its layer {number} of {count}")
        size = _LAYER.unpack_from(model.data, at)[2]
        if size < _LAYER.size or at + size > len(model.data):
            raise ValueError(f"layer {number} has {size} bytes of the {len(model.data) - at} that are left")
        try:
            yield _layer(model, model.data[at : at + size])
        except (ValueError, struct.error) as error:
            raise ValueError(f"layer {number}: {error}") from None
        at += size


def _layer(model: _Model, body: bytes) -> Layer:
    kind_number, is_output, _, start, to, *sizes = _LAYER.unpack_from(body)
    if kind_number >= len(_KINDS):
        raise ValueError(f"its kind is {kind_number}; there are 0 to {len(_KINDS) - 1}")
    kind = _KINDS[kind_number]
    shape, gives = _shape(sizes[:4]), _shape(sizes[4:])
    for place, numbers in ((start, shape), (to, gives)):
        if place + prod(numbers) * model.item > model.buffer:
            raise ValueError(f"{prod(numbers):,} numbers at {place:,} are beyond the buffer of {model.buffer:,} B")
    layer = Layer(kind, shape, gives, is_output=bool(is_output))
    if kind in {"conv2d", "depthwise"}:
        return _conv(model, body, layer)
    if kind == "dense":
        _, weights, biases = _DENSE.unpack_from(body, _LAYER.size)
        if prod(shape) != shape[2] or prod(gives) != gives[2]:
            raise ValueError("a dense layer has one row of numbers before it, and one after it")
        _check_array("weights", body, weights, shape[2] * gives[2] * model.item)
        _check_array("biases", body, biases, gives[2] * _BIAS)
    elif kind == "add":
        _ADD.unpack_from(body, _LAYER.size)
    if kind == "mean" and shape[2] != gives[2]:
        raise ValueError("a mean has as many channels as what it is of")
    if kind in {"softmax", "reshape", "add"} and prod(shape) != prod(gives):
        raise ValueError(f"{kind} gives another number of numbers than it gets")
    return layer


def _conv(model: _Model, body: bytes, layer: Layer) -> Layer:
    columns, rows, right, down, *dilation, act, top, bottom, left, behind, multiplier, _, weights, biases = (
        _CONV.unpack_from(body, _LAYER.size)
    )
    if not (columns and rows and right and down) or dilation != [1, 1] or act >= _ACTIVATIONS:
        raise ValueError(f"TinyMaix has no window of {rows} × {columns}, steps {down}, {right}, dilation {dilation}")
    if (layer.kind == "depthwise") != (multiplier > 0):
        raise ValueError(f"a {layer.kind} layer with the depth multiplier {multiplier}")
    if multiplier and layer.shape[2] * multiplier != layer.gives[2]:
        raise ValueError(f"{layer.gives[2]} channels are not {multiplier} for each of {layer.shape[2]}")
    if rows * columns == 1 and (multiplier or top or bottom or left or behind):
        raise ValueError("a window of one place has neither borders nor a depth multiplier in TinyMaix")
    for length, given, window, step, border in (
        (layer.shape[0], layer.gives[0], rows, down, top + bottom),
        (layer.shape[1], layer.gives[1], columns, right, left + behind),
    ):
        if length + border < window or (length + border - window) // step + 1 != given:
            raise ValueError(f"a window of {window} in steps of {step} does not give {given} places of {length}")
    inputs = 1 if multiplier else layer.shape[2]
    _check_array("weights", body, weights, rows * columns * inputs * layer.gives[2] * model.item)
    _check_array("biases", body, biases, layer.gives[2] * _BIAS)
    return Layer(
        layer.kind, layer.shape, layer.gives, (rows, columns), (down, right), (top, left), act == _RELU6,
        layer.is_output,
    )  # fmt: skip


def _shape(sizes: list[int]) -> Shape:
    _, height, width, channels = sizes
    if not (height and width and channels):
        raise ValueError(f"a shape of {height} × {width} × {channels}")
    return height, width, channels


def _check_array(name: str, body: bytes, at: int, size: int) -> None:
    if at + size > len(body):
        raise ValueError(f"{size:,} B of {name} at {at:,} are beyond its {len(body):,} B")
