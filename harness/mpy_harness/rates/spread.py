"""How a figure is spread over inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """The mean of a figure over inputs, its standard deviation (of these inputs), 75th and 95th percentile."""

    mean: float
    deviation: float
    p75: float
    p95: float


def spread(figures: Sequence[float]) -> Spread:
    """Return how figures are spread; percentiles lie on the line between the two nearest ones."""
    p75, p95 = np.percentile(figures, [75, 95]).tolist()
    is_spread = min(figures) != max(figures)  # of equal ones, the mean of some is not quite one of them
    return Spread(float(np.mean(figures)) if is_spread else figures[0], float(np.std(figures)) * is_spread, p75, p95)
