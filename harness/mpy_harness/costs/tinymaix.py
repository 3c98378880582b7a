"""Models as TinyMaix runs them in plain C, from the sizes of their layers: what src/tm_layers.c does how often.

That is sipeed/TinyMaix at commit 0532eceb, without instructions for vectors (``TM_ARCH_CPU``, ``TM_OPT0``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from mpy_harness.costs.stage import Stage, heap_bytes

DType = Literal["int8", "float32"]
DTYPES: tuple[DType, ...] = ("int8", "float32")
Kind = Literal["conv2d", "mean", "dense", "softmax", "reshape", "depthwise", "add"]
Shape = tuple[int, int, int]  # height, width, channels

_UNROLLED = 8  # products of a turn of the loop
_SMALL = 9  # products of a depthwise window that has code of its own, 3 × 3

TERMS = (
    "run", "layer", "scale", "place", "border", "channel", "copied", "line", "filled", "sum", "clipped", "eight",
    "single", "small", "point", "pair", "pair_eight", "pair_single", "mean", "averaged", "dense", "exponential",
    "added", "dequantised",
)  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """A layer: ``window`` and ``step`` down and to the right of a convolution, ``border`` above and left of it."""

    kind: Kind
    shape: Shape
    gives: Shape
    window: tuple[int, int] = (1, 1)
    step: tuple[int, int] = (1, 1)
    border: tuple[int, int] = (0, 0)
    is_clipped: bool = False  # ReLU6
    is_output: bool = False

    @property
    def products(self) -> int:
        """Return how many products a run sums up."""
        inputs = self.shape[2] if self.kind in {"conv2d", "dense"} else 1
        has_weights = self.kind in {"conv2d", "dense", "depthwise"}
        return prod(self.gives) * prod(self.window) * inputs if has_weights else 0

    @property
    def terms(self) -> Counter[str]:
        """Return how often a run does each thing for this layer."""
        found = Counter(layer=1)
        outputs = self.gives[2]
        if self.kind == "dense":
            found += Counter(dense=outputs) + _products(outputs, self.shape[2])
        elif self.kind == "mean":
            found += Counter(mean=outputs, averaged=prod(self.shape))
        elif self.kind == "softmax":
            found["exponential"] = self.shape[2]
        elif self.kind == "add":
            found["added"] = prod(self.shape)
        elif self.kind != "reshape":
            found += Counter(scale=outputs) + (self._points if prod(self.window) == 1 else self._windows)
            found["clipped"] = prod(self.gives) if self.is_clipped else 0
        return found

    @property
    def _points(self) -> Counter[str]:
        places, inputs, outputs = self.gives[0] * self.gives[1], self.shape[2], self.gives[2]
        pairs, odd = places * (outputs // 2), places * (outputs % 2)
        eights, singles = divmod(inputs, _UNROLLED)
        return Counter(
            point=places, pair=pairs, pair_eight=pairs * eights, pair_single=pairs * singles, sum=odd
        ) + _products(odd, inputs)

    @property
    def _windows(self) -> Counter[str]:
        """Return what windows take: they are copied, channel by channel, within borders after these are filled."""
        is_depthwise = self.kind == "depthwise"
        channels = self.gives[2] if is_depthwise else self.shape[2]
        whole, parts = zip(*(self._along(axis) for axis in (0, 1)), strict=True)
        places, inner = self.gives[0] * self.gives[1], whole[0] * whole[1]
        lines = sum(parts[0]) + whole[0] * self.window[0]  # of all windows of a column
        columns = sum(parts[1]) + whole[1] * self.window[1]
        # Of windows within a border: of all of them less those without.
        border_lines = lines * self.gives[1] - inner * self.window[0]
        summed = places * self.gives[2]
        length = prod(self.window) * (1 if is_depthwise else self.shape[2])
        found = Counter(
            place=places,
            border=places - inner,
            channel=places * channels,
            copied=lines * columns * channels,
            line=border_lines * channels,
            filled=(places - inner) * channels * prod(self.window),
        )
        if is_depthwise and length == _SMALL:
            return found + Counter(small=summed)
        return found + Counter(sum=summed) + _products(summed, length)

    def _along(self, axis: int) -> tuple[int, list[int]]:
        """Return how many windows along an axis lie within, and of the others how much of each does."""
        length, window, step, before = self.shape[axis], self.window[axis], self.step[axis], self.border[axis]
        count = self.gives[axis]
        first = min(count, -(-before // step))
        behind = min(count, max(first, (length + before - window) // step + 1))
        others = (*range(first), *range(behind, count))
        starts = (at * step - before for at in others)
        return behind - first, [max(0, min(length, start + window) - max(0, start)) for start in starts]


def tinymaix_stage(
    name: str, layers: Sequence[Layer], dtype: DType, *, size: int, buffer: int, dequantised: int = 0
) -> Stage:
    """Return what a run of layers takes; ``size`` and ``buffer`` are bytes of the model, and of what is between them.

    ``dequantised`` are the outputs that are made floats in the end.
    """
    found = Counter(run=1, dequantised=dequantised)
    for layer in layers:
        found += layer.terms
    products = sum(layer.products for layer in layers)
    kind = f"tinymaix_{dtype}"
    return Stage(
        kind=kind, module=kind, text=name, terms={term: found[term] for term in TERMS},
        sizes={"layers": len(layers), "products": products, "inputs": prod(layers[0].shape)},
        heap=heap_bytes(buffer), data=size,
        about=f"{len(layers)} layers of TinyMaix, {size:,} B, {dtype}, {products:,} multiply-adds",
    )  # fmt: skip


def _products(sums: int, length: int) -> Counter[str]:
    eights, singles = divmod(length, _UNROLLED)
    return Counter(eight=sums * eights, single=sums * singles)
