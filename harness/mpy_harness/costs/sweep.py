"""Train a classifier with several settings: how good each is on the device, and what it takes there."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mpy_harness.costs.estimators import KINDS, estimator_stages
from mpy_harness.costs.prediction import CostEstimate, of_stages
from mpy_harness.costs.tree_stage import int16_samples, predict
from mpy_harness.costs.trees import CLASSIFIERS, LeafBits, ensemble
from mpy_harness.errors import ModelInvalid, ToolMissing
from mpy_harness.targets import DEFAULT_TARGET, Part, Target

_HELD_OUT, _SEED = 0.3, 0
_MOST = 1000


@dataclass(frozen=True)
class Candidate:
    """A classifier with these settings.

    ``accuracy`` is the share of right classes among samples that it was not trained with: of trees by the arithmetic of
    the device, of other models by scikit-learn's, which has more digits. ``is_best``: no other one is at least as good
    in accuracy, time (instructions where there is none), flash and heap, and better in one of them.
    """

    settings: Mapping[str, Any]
    accuracy: float
    cost: CostEstimate
    is_best: bool = False

    @property
    def _merits(self) -> tuple[float, ...]:
        time = self.cost.seconds
        return (
            -self.accuracy,
            self.cost.instructions if time is None else time,
            self.cost.flash,
            self.cost.heap,
        )

    def beats(self, other: Candidate) -> bool:
        """Tell whether it is at least as good in everything, and better in something."""
        pairs = list(zip(self._merits, other._merits, strict=True))
        return all(mine <= theirs for mine, theirs in pairs) and any(mine < theirs for mine, theirs in pairs)


def read_grid(words: Iterable[str]) -> dict[str, list[Any]]:
    """Return the values of each setting, from words such as ``n_estimators=5,10,20``. Raises ModelInvalid."""
    grid: dict[str, list[Any]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        if not (name.isidentifier() and equals and values) or name in grid:
            raise ModelInvalid(f"{word!r} is no setting to try: write each once, NAME=VALUE,VALUE.")
        grid[name] = [_value(text) for text in values.split(",")]
    return grid


def sweep(
    estimator: Any,
    samples: ArrayLike,
    classes: ArrayLike,
    grid: Mapping[str, Sequence[Any]],
    *,
    target: str | Target | Part = DEFAULT_TARGET,
    leaf_bits: LeafBits = 0,
    clock: int | None = None,
) -> list[Candidate]:
    """Train a classifier of scikit-learn, or a pipeline with one, with each combination of settings.

    70 % of the samples are for that; the others tell the accuracy, and how many nodes trees visit. ``target`` may be a
    part.
    Raises ModelInvalid, TargetInvalid, ToolMissing.
    """
    try:
        from sklearn.base import clone, is_classifier  # noqa: PLC0415 - only who trains needs scikit-learn
        from sklearn.model_selection import train_test_split  # noqa: PLC0415
    except ImportError as error:
        raise ToolMissing(f"a sweep trains models: {error}. Install scikit-learn: pip install scikit-learn") from None
    kind = type(estimator).__name__
    if kind not in {*KINDS, "Pipeline"} or not is_classifier(estimator):
        raise ModelInvalid(f"a sweep is of classifiers, or of pipelines with one, not of {kind}.")
    combinations = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    if len(combinations) > _MOST:
        raise ModelInvalid(f"these are {len(combinations):,} combinations of settings; {_MOST:,} can be tried.")
    values, truth = np.asarray(samples), np.asarray(classes)
    if values.ndim != 2 or truth.shape != values.shape[:1]:
        raise ModelInvalid(
            f"a sweep takes samples of shape (n, features) and a class for each, not {values.shape} and {truth.shape}."
        )
    is_trees = kind in CLASSIFIERS
    if is_trees:
        values = int16_samples(values, values.shape[1])
    found = []
    with _training_errors():
        train, rest, train_class, rest_class = train_test_split(
            values, truth, test_size=_HELD_OUT, random_state=_SEED, stratify=truth
        )
    for settings in combinations:
        with _training_errors():
            trained = clone(estimator).set_params(**settings).fit(train, train_class)
        guessed = trained.classes_[predict(ensemble(trained, leaf_bits), rest)] if is_trees else trained.predict(rest)
        stages = estimator_stages(trained, samples=rest, leaf_bits=leaf_bits)
        cost = of_stages(stages, target, clock=clock)
        found.append(Candidate(settings, float(np.mean(guessed == rest_class)), cost))
    return [replace(each, is_best=not any(other.beats(each) for other in found)) for each in found]


def on_part(candidates: Sequence[Candidate], part: Part, clock: int | None = None) -> list[CostEstimate]:
    """Return what each candidate takes on another part than the one of the sweep. Raises TargetInvalid."""
    return [of_stages([stage.stage for stage in each.cost.stages], part, clock=clock) for each in candidates]


@contextmanager
def _training_errors() -> Iterator[None]:
    """Raise ModelInvalid for what scikit-learn finds wrong in settings, samples and classes."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ModelInvalid(f"scikit-learn cannot train this: {error}") from error


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
