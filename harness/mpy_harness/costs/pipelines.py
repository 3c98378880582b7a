"""Pipelines of scikit-learn: scalers, then a model. Scalers are folded into the model where they can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpy_harness.errors import ModelInvalid

SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")


@dataclass(frozen=True)
class Scaling:
    """What comes out of scalers is (x - ``offset``) / ``scale``, of each feature: arrays of shape (features,)."""

    names: tuple[str, ...]
    offset: NDArray[np.float64]
    scale: NDArray[np.float64]

    @property
    def is_uniform(self) -> bool:
        """Tell whether all features are scaled alike, so that distances keep their proportions."""
        return bool(np.allclose(self.scale, self.scale[0]))

    def after(self, first: Scaling) -> Scaling:
        """Return both in one, the other one first."""
        offset = first.offset + first.scale * self.offset
        return Scaling((*first.names, *self.names), offset, first.scale * self.scale)


def unwrapped(model: Any, name: str) -> tuple[Scaling | None, Any]:
    """Return the last step of a pipeline, and what the scalers before it do; a model that is none is its own.

    Of a search (``GridSearchCV``) it is what that found best. Raises ModelInvalid for other steps, and for what is not
    fitted.
    """
    model = getattr(model, "best_estimator_", model)
    if type(model).__name__.endswith("SearchCV"):
        raise ModelInvalid(f"{name} has no best model: call fit() first, with refit=True or a function.")
    if type(model).__name__ != "Pipeline":
        return None, model
    steps = [(label, step) for label, step in model.steps if step is not None and not isinstance(step, str)]
    if not steps:
        raise ModelInvalid(f"{name} is a Pipeline without a model: its last step has to be one.")
    scaling = None
    for label, step in steps[:-1]:
        found = _scaling(step, f"{name}, step {label!r}")
        scaling = found if scaling is None else found.after(scaling)
    scaler_last = type(steps[-1][1]).__name__ in SCALERS
    if scaler_last:
        raise ModelInvalid(f"{name} ends with {type(steps[-1][1]).__name__}: the last step has to be a model.")
    return scaling, steps[-1][1]


def _scaling(step: Any, name: str) -> Scaling:
    kind = type(step).__name__
    if kind not in SCALERS:
        raise ModelInvalid(f"{name} is {kind}; before the model there can be {', '.join(SCALERS)}.")
    if not hasattr(step, "n_features_in_") or not hasattr(step, "scale_"):
        raise ModelInvalid(f"{name} is not fitted: call fit() of the pipeline first.")
    if getattr(step, "clip", False):
        raise ModelInvalid(f"{name} clips, which cannot be folded into a model: use clip=False.")
    zeros, ones = np.zeros(step.n_features_in_), np.ones(step.n_features_in_)
    scale = ones if step.scale_ is None else np.asarray(step.scale_, float)
    if kind == "MinMaxScaler":  # x * scale_ + min_
        return Scaling((kind,), -np.asarray(step.min_, float) / scale, 1 / scale)
    centre = getattr(step, {"StandardScaler": "mean_", "RobustScaler": "center_"}.get(kind, ""), None)
    is_centred = getattr(step, {"StandardScaler": "with_mean", "RobustScaler": "with_centering"}.get(kind, ""), False)
    return Scaling((kind,), np.asarray(centre, float) if is_centred and centre is not None else zeros, scale)
