"""Draw what is predicted against what was measured, for the held-out half of the models (docs/measure_costs.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mpy_harness.costs.constants import TargetConstants
from mpy_harness.costs.fitting import Point, error
from mpy_harness.reports.drawing import drawing

PLOT = Path(__file__).resolve().parent / "images" / "costs.svg"
#: Kinds of stages by what they do, with the colour's number.
GROUPS = {
    "trees": ("trees_vote", "trees_mean"),
    "filters, transforms, conversions": ("fir", "fir_q15", "iir", "fft", "rfft", "int16_to_float"),
    "linear, nearest, neighbours, one hidden layer": ("linear", "nearest", "neighbours", "mlp"),
    "Gaussians, SVM, scaling": ("bayes", "svm_rbf", "scale_float32", "scale_int16"),
    "networks in int8": ("network_int8",),
    "networks in float32": ("network_float32",),
    "mel spectra": ("melspec",),
}
_COLUMNS = 4


def digest(text: str) -> str:
    """Return what tells one set of figures from another, for the plot."""
    return hashlib.sha256(text.encode()).hexdigest()


def draw(
    tried: Mapping[str, Mapping[str, list[Point]]],
    constants: Callable[[str], TargetConstants],
    description: str,
    file: Path = PLOT,
) -> None:
    """Draw predicted against measured instructions of all targets, and the errors of each; points are by kind."""
    lines = -(-len(tried) // _COLUMNS)
    with drawing(file, 10, 4.5 + 2.4 * lines, description=description) as figure_:
        grid = figure_.add_gridspec(1 + lines, _COLUMNS, height_ratios=[1.8, *[1] * lines])
        whole: Any = figure_.add_subplot(grid[0, :])
        for number, (target, kinds) in enumerate(tried.items()):
            own: Any = figure_.add_subplot(grid[1 + number // _COLUMNS, number % _COLUMNS])
            for colour, (group, names) in enumerate(GROUPS.items()):
                pairs = _pairs([point for name in names for point in kinds.get(name, ())], constants(target))
                style = {"color": f"C{colour}", "markersize": 2.5, "linestyle": "none", "marker": "o", "alpha": 0.7}
                measured, errors = [took for took, _ in pairs], [off for _, off in pairs]
                own.plot(measured, errors, **style)
                predicted = [took * (1 + off / 100) for took, off in pairs]
                whole.plot(measured, predicted, label=group if number == 0 else None, **style)
            own.set_xscale("log")
            own.xaxis.set_major_formatter(_prefixed)
            own.set_title(target, fontsize=9)
            own.grid(alpha=0.3)
            own.tick_params(labelsize=7)
            if number % _COLUMNS == 0:
                own.set_ylabel("error in %", fontsize=8)
        ends = whole.get_xlim()
        whole.plot(ends, ends, color="gray", linewidth=0.5, zorder=0)
        whole.set_xscale("log")
        whole.set_yscale("log")
        whole.xaxis.set_major_formatter(_prefixed)
        whole.yaxis.set_major_formatter(_prefixed)
        whole.set_xlabel("instructions measured, held-out models on all targets", fontsize=8)
        whole.set_ylabel("predicted", fontsize=8)
        whole.grid(alpha=0.3)
        whole.legend(fontsize=8)


def _prefixed(value: float, _: int) -> str:
    scale, prefix = (1e6, " M") if value >= 1e6 else (1e3, " k") if value >= 1e3 else (1, "")
    return f"{value / scale:g}{prefix}"


def _pairs(points: list[Point], constants: TargetConstants) -> list[tuple[float, float]]:
    return [
        (point.instructions, error(point, constants.stages[point.kind].terms))
        for point in points
        if point.held_out and point.kind in constants.stages
    ]
