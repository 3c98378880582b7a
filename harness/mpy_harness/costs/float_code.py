"""The time of float code, which is known worst: how much of it floats are, and what error that makes."""

from __future__ import annotations

from collections.abc import Mapping

from mpy_harness.costs import cycles
from mpy_harness.targets import Cycles

#: Of the time of float code, in percent: the cycle models' own bounds rest on programs without floats. The one that was
#: compared, a transform in MicroPython's inline assembler, took 60 % longer than estimated (docs/costs.md).
FLOAT_ERROR = 60.0


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

    A few floats may each take twice what the model says; where they are more, it is ``FLOAT_ERROR``.
    """
    return FLOAT_ERROR if is_float_code(share, model.error) else model.error + share
