"""Fit what terms cost to what was measured, and tell how far off the result is on models that it was not fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, fsum

import numpy as np
from numpy.typing import NDArray

from mpy_harness.costs.constants import Errors, StageConstants
from mpy_harness.costs.cycles import BESIDE

_FIGURES = 6  # of a constant: more than its fit knows


@dataclass(frozen=True)
class Point:
    """A stage that ran: its terms, those of a guess where there is one, and what one run took, by class.

    ``held_out``: nothing is fitted to it.
    """

    kind: str
    model: str
    held_out: bool
    terms: Mapping[str, float]
    guessed: Mapping[str, float] | None
    sizes: Mapping[str, int]
    counts: Mapping[str, float]

    @property
    def instructions(self) -> float:
        """Return the instructions of one run."""
        # As of Python 3.12, sum() rounds floats otherwise than before.
        return fsum(count for name, count in self.counts.items() if name not in BESIDE)


def fit(points: Sequence[Point], *, no_less_than_nothing: bool = False) -> StageConstants:
    """Return the constants of one kind of stage on one target.

    Least squares of the relative errors: a model of 100 instructions counts as much as one of a million. The weights
    are the same for all classes, so that the sum of their fits is the fit of their sum. ``no_less_than_nothing``: no
    term has a negative cost, which keeps apart terms that are nearly proportional (it needs SciPy).
    """
    fitted = [point for point in points if not point.held_out]
    names = list(fitted[0].terms)
    weights = np.array([1 / point.instructions for point in fitted])
    matrix = np.array([[point.terms[name] for name in names] for point in fitted]) * weights[:, None]
    scale = np.maximum(np.abs(matrix).max(axis=0), np.finfo(float).tiny)
    costs: dict[str, dict[str, float]] = {name: {} for name in names}
    for each in dict.fromkeys(name for point in fitted for name in point.counts):
        counted = np.array([point.counts.get(each, 0.0) for point in fitted]) * weights
        solution = _solved(matrix / scale, counted, no_less_than_nothing) / scale
        for name, cost in zip(names, solution.tolist(), strict=True):
            if abs(cost) > 1e-6:
                costs[name][each] = float(f"{cost:.{_FIGURES}g}")
    sizes = {name: _range([point.sizes[name] for point in points]) for name in points[0].sizes}
    held_out = [point for point in points if point.held_out]
    errors = Errors(
        known=up(max(abs(error(point, costs)) for point in held_out)),
        guessed=up(max(abs(error(point, costs, guessed=True)) for point in held_out)) if fitted[0].guessed else None,
        models=len(held_out),
    )
    return StageConstants(terms=costs, sizes=sizes, errors=errors)


def _solved(matrix: NDArray[np.float64], counted: NDArray[np.float64], is_positive: bool) -> NDArray[np.float64]:
    if not is_positive:
        return np.asarray(np.linalg.lstsq(matrix, counted, rcond=None)[0], np.float64)
    from scipy.optimize import nnls  # noqa: PLC0415 - only who fits needs SciPy

    return np.asarray(nnls(matrix, counted)[0])


def predicted(terms: Mapping[str, float], costs: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return what a run with these terms takes, by class."""
    counts = dict.fromkeys(BESIDE, 0.0)
    for term, often in terms.items():
        for name, cost in costs[term].items():
            counts[name] = counts.get(name, 0.0) + often * cost
    return {name: max(0.0, count) for name, count in counts.items()}


def instructions(counts: Mapping[str, float]) -> float:
    """Return the sum of the classes."""
    return fsum(count for name, count in counts.items() if name not in BESIDE)


def error(point: Point, costs: Mapping[str, Mapping[str, float]], *, guessed: bool = False) -> float:
    """Return by how much the predicted instructions of a point exceed those that were measured, in percent."""
    terms = point.guessed if guessed and point.guessed is not None else point.terms
    return 100 * (instructions(predicted(terms, costs)) / point.instructions - 1)


def _range(values: Sequence[int]) -> tuple[int, int]:
    return min(values), max(values)


def up(percent: float) -> float:
    """Return an error in percent as it is told."""
    # To the next tenth, so that the greatest error lies within; nothing is without an error.
    return max(0.1, ceil(10 * percent) / 10)
