"""The time of float code, which is known worst: how much of it floats are, and what error that makes."""

from __future__ import annotations

from collections.abc import Mapping

from mpy_harness.costs import cycles
from mpy_harness.targets import Cycles


def float_share(counts: Mapping[str, float], model: Cycles) -> float:
    """Return how much of the estimated time float instructions take, in percent."""
    total = cycles.estimate(counts, model).cycles
    others = {name: 0.0 if name.startswith("float_") else count for name, count in counts.items()}
    return 100 * (1 - cycles.estimate(others, model).cycles / total) if total else 0.0


def is_float_code(share: float, model_error: float) -> bool:
    """Tell whether float instructions take a larger part of the time than the cycle model's bound, in percent."""
    return share > model_error


def time_error(share: float, model: Cycles | cycles.Estimate) -> float:
    """Return the error in percent of time that a cycle model gives, ``share`` percent of it float instructions.

    Each may take twice what the model says, up to as much again as the model's bound (docs/costs.md).
    """
    return model.error + min(share, model.error)
