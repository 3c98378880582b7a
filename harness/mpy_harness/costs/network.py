"""Networks of layers as ``natmods/network`` runs them, from their sizes alone: what a description in a file says.

The layers of a file are ``conv2d``, ``pool`` and ``dense``; docs/costs.md has them with their words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from mpy_harness.costs.stage import Stage, heap_bytes
from mpy_harness.errors import ModelInvalid

DType = Literal["int8", "float32"]
DTYPES: tuple[DType, ...] = ("int8", "float32")
_ITEM: dict[DType, int] = {"int8": 1, "float32": 4}
# network.c: network_obj_t, layer_t, int32_t or float of a bias; what sizes may be, and their products.
_OBJECT, _LAYER, _BIAS = 40, 20, 4
_MOST, _MOST_PRODUCT = 32767, 1 << 24

Shape = tuple[int, int, int]  # height, width, channels


@dataclass(frozen=True)
class Layer:
    """Sums of products (``is_sum``), or the greatest number, of each window of what comes in."""

    is_sum: bool
    shape: Shape
    window: tuple[int, int]
    step: tuple[int, int]
    outputs: int

    @property
    def gives(self) -> Shape:
        """Return the shape of what comes out."""
        height, width = (
            (length - window) // step + 1
            for length, window, step in zip(self.shape[:2], self.window, self.step, strict=True)
        )
        return height, width, self.outputs

    @property
    def weights(self) -> int:
        """Return how many weights it has."""
        return prod(self.window) * self.shape[2] * self.outputs if self.is_sum else 0

    @property
    def biases(self) -> int:
        """Return how many biases it has."""
        return self.outputs if self.is_sum else 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of ``network.new``, without the shift."""
        return (0 if self.is_sum else 1, *self.shape, *self.window, *self.step, self.outputs)

    @property
    def terms(self) -> dict[str, int]:
        """Return how often a run does each thing for this layer."""
        height, width, outputs = self.gives
        places = height * width
        words = {"line": height, "place": places}
        rows = places * outputs * self.window[0]
        if self.is_sum:
            products = places * self.weights
            return {"layer": 1, **words, "sum": places * outputs, "row": rows, "product": products}
        windows = places * outputs
        return {
            "pooling": 1, **words, "pooled": windows, "pooled_row": rows, "compared": windows * prod(self.window),
        }  # fmt: skip


def dense(inputs: int, outputs: int) -> Layer:
    """Return a layer whose every output is a sum over all inputs."""
    return Layer(True, (1, 1, inputs), (1, 1), (1, 1), outputs)


_TERMS = (
    "run",
    "layer",
    "pooling",
    "line",
    "place",
    "last",
    "sum",
    "row",
    "product",
    "product_later",
    "pooled",
    "pooled_row",
    "compared",
)


def network_stage(name: str, layers: Sequence[Layer], dtype: DType, about: str = "") -> Stage:
    """Return what a run of layers takes. Raises ModelInvalid where natmods/network has no room for them."""
    for number, layer in enumerate(layers, 1):
        most = max(*layer.shape, *layer.step, layer.outputs)
        if most > _MOST:
            raise ModelInvalid(
                f"{name}, layer {number}: {most:,} is more than natmods/network has room for, {_MOST:,}."
            )
        product = max(prod(layer.shape), prod(layer.gives), layer.weights)
        if product > _MOST_PRODUCT:
            raise ModelInvalid(
                f"{name}, layer {number} has {product:,} numbers; natmods/network has room for {_MOST_PRODUCT:,}."
            )
    terms: dict[str, float] = dict.fromkeys(_TERMS, 0)
    terms["run"] = 1
    # What ReLU leaves is 0 of every other number: a library of floats multiplies that sooner than what is put in.
    products_of = "product"
    for layer in layers:
        for term, often in layer.terms.items():
            terms[products_of if term == "product" else term] += often
        products_of = "product_later" if layer.is_sum else products_of
    terms["last"] = prod(layers[-1].gives)
    item = _ITEM[dtype]
    weights, biases = sum(layer.weights for layer in layers), sum(layer.biases for layer in layers)
    copied = (_LAYER * len(layers), weights * item, biases * _BIAS)
    between = [0, 0]
    for number, layer in enumerate(layers[:-1]):
        between[number % 2] = max(between[number % 2], prod(layer.gives) * item)
    products = int(terms["product"] + terms["product_later"])
    sizes = {"layers": len(layers), "products": products, "inputs": prod(layers[0].shape)}
    return Stage(
        kind=f"network_{dtype}", module="network", text=name, terms=terms, sizes=sizes,
        heap=heap_bytes(_OBJECT, *copied, *between), data=sum(copied),
        about=about or f"{len(layers)} layers, {weights:,} weights of {dtype}, {products:,} multiply-adds",
    )  # fmt: skip
