"""Read the description of a network: TOML or JSON with its input, its type of numbers and its layers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from mpy_harness.costs.network import DTYPES, Layer, Shape, dense, network_stage
from mpy_harness.costs.stage import Stage
from mpy_harness.errors import ModelInvalid
from mpy_harness.limits import TEXT_BYTES
from mpy_harness.resources import read_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUFFIXES = (".toml", ".json")
_WORDS = {
    "conv2d": ("filters", "size", "stride"),
    "pool": ("size", "stride"),
    "dense": ("units",),
}
_KINDS = ("conv2d", "pool", "dense")
_NEEDED = {"conv2d": ("filters", "size"), "pool": ("size",), "dense": ("units",)}
_MOST = 1 << 24


def read_network(file: Path) -> Stage:
    """Return what a run of the network in a file takes; the file is data. Raises ModelInvalid."""
    try:
        text = read_file(file, TEXT_BYTES).decode()
        found = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ModelInvalid(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise ModelInvalid(f"{file} is no {file.suffix[1:].upper()}: {error}.") from None
    return described(found, file.name)


def described(network: Any, name: str) -> Stage:
    """Return what a run of a network takes, from the tables of its description. Raises ModelInvalid."""
    layers = layers_of(network, name)
    dtype = network.get("dtype", "int8")
    for each in DTYPES:
        if each == dtype:
            return network_stage(name, layers, each)
    raise ModelInvalid(f"{name}: dtype is {dtype!r}; there are {', '.join(DTYPES)}.")


def layers_of(network: Any, name: str) -> list[Layer]:
    """Return the layers of a network's description. Raises ModelInvalid."""
    if not isinstance(network, Mapping):
        raise ModelInvalid(f"{name} has to be a table with input, dtype and layer.")
    _check_words(network, ("input", "dtype", "layer"), ("input", "layer"), name)
    shape = _shape(network["input"], name)
    layers: list[Layer] = []
    tables = network["layer"]
    if not isinstance(tables, list) or not tables:
        raise ModelInvalid(f"{name}: layer has to be a list of tables, one for each layer.")
    for number, table in enumerate(tables, 1):
        layers.append(_layer(table, shape, f"{name}, layer {number}"))
        shape = layers[-1].gives
    if not layers[-1].is_sum:
        raise ModelInvalid(f"{name}: the last layer is a pool; natmods/network ends with conv2d or dense.")
    return layers


def _layer(table: Any, shape: Shape, name: str) -> Layer:
    kind = table.get("kind") if isinstance(table, Mapping) else None
    if kind not in _KINDS:
        raise ModelInvalid(f"{name}: kind is {kind!r}; there are {', '.join(_KINDS)}.")
    _check_words(table, ("kind", *_WORDS[kind]), _NEEDED[kind], name)
    if kind == "dense":
        return dense(prod(shape), _number(table["units"], f"{name}: units"))
    window = _pair(table["size"], f"{name}: size")
    step = _pair(table.get("stride", 1 if kind == "conv2d" else list(window)), f"{name}: stride")
    if window[0] > shape[0] or window[1] > shape[1]:
        raise ModelInvalid(f"{name}: a window of {window[0]} × {window[1]} does not fit in {shape[0]} × {shape[1]}.")
    outputs = _number(table["filters"], f"{name}: filters") if kind == "conv2d" else shape[2]
    return Layer(kind == "conv2d", shape, window, step, outputs)


def _check_words(table: Mapping[str, Any], known: tuple[str, ...], needed: tuple[str, ...], name: str) -> None:
    for word in table:
        if word not in known:
            raise ModelInvalid(f"{name}: {word!r} is unknown; there are {', '.join(known)}.")
    for word in needed:
        if word not in table:
            raise ModelInvalid(f"{name}: {word} is missing.")


def _shape(value: Any, name: str) -> Shape:
    numbers = [_number(each, f"{name}: input") for each in (value if isinstance(value, list) else [value])]
    if len(numbers) == 1:
        return 1, 1, numbers[0]
    if len(numbers) != 3:
        raise ModelInvalid(f"{name}: input has to be [height, width, channels] or a number of features, not {value!r}.")
    height, width, channels = numbers
    return height, width, channels


def _pair(value: Any, name: str) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2:
        return _number(value[0], name), _number(value[1], name)
    number = _number(value, name)
    return number, number


def _number(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MOST:
        raise ModelInvalid(f"{name} has to be a whole number from 1 to {_MOST:,}, not {value!r}.")
    return value
