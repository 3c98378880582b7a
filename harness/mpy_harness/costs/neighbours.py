"""Classifiers by k nearest neighbours, for the native module of ``cases/classifiers/neighbours``.

It goes through all samples that the model keeps, in their order, and sorts in those that are nearer than the last of
the k nearest so far. How often that happens depends on what is classified and on the order: it is looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpy_harness.costs.small_models import neighbours
from mpy_harness.costs.stage import Stage
from mpy_harness.errors import ModelInvalid

#: What is classified where no samples are given.
OWN = "its own samples, each among the others"
_MOST_LOOKED_UP = 256  # samples: more of them tell the mean no better


@dataclass(frozen=True)
class Sorting:
    """Of one classification, in the mean: how many samples are sorted in, and how many of those nearest move for it."""

    kept: float
    moved: float


def neighbours_stage(estimator: Any, name: str, samples: NDArray[np.float64] | None, about: str) -> Stage:
    """Return what a fitted KNeighborsClassifier takes for ``samples`` of shape (n, features), scaled as its own are.

    Without samples, for some of its own. Raises ModelInvalid for weights by distance.
    """
    if estimator.weights != "uniform":
        told = "of a function" if callable(estimator.weights) else repr(estimator.weights)
        raise ModelInvalid(f"{name} has the weights {told}; the native module counts neighbours: weights='uniform'.")
    places = np.asarray(estimator._fit_X, np.float64)  # noqa: SLF001 - scikit-learn has no other name for it
    k = int(estimator.n_neighbors)
    if not 0 < k <= len(places):
        raise ModelInvalid(f"{name} asks {k:,} neighbours and keeps {len(places):,} samples: n_neighbors is too large.")
    if samples is None:
        rows = _some(len(places))
        sorting = sorted_in(places[rows], places, k, rows)
    else:
        sorting = sorted_in(samples[_some(len(samples))], places, k)
    guessed = OWN if samples is None else ""
    kept, moved = sorting.kept, sorting.moved
    return neighbours(name, places.shape[1], len(places), k, kept=kept, moved=moved, guessed=guessed, about=about)


def sorted_in(
    samples: NDArray[np.float64], places: NDArray[np.float64], k: int, left_out: NDArray[np.int64] | None = None
) -> Sorting:
    """Return how many of the places are sorted in for a sample; of each sample one may be left out."""
    squares = (samples**2).sum(axis=1)[:, None] + (places**2).sum(axis=1) - 2 * samples @ places.T
    if left_out is not None:
        squares[np.arange(len(samples)), left_out] = np.inf
    nearest = np.full((len(samples), k), np.inf)
    kept = moved = 0
    for column in np.ascontiguousarray(squares.T):
        rows = np.flatnonzero(column < nearest[:, -1])
        if not rows.size:
            continue
        new, before = column[rows, None], nearest[rows, :-1]
        kept += rows.size
        moved += int(np.count_nonzero((before > new) & np.isfinite(before)))
        nearest[rows] = np.sort(np.concatenate([before, new], axis=1), axis=1)
    return Sorting(kept / len(samples), moved / len(samples))


def _some(length: int) -> NDArray[np.int64]:
    """Return the numbers of all of so many samples, or of some from the first to the last."""
    return np.unique(np.linspace(0, length - 1, min(length, _MOST_LOOKED_UP)).astype(np.int64))
