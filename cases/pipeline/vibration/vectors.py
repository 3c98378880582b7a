"""Windows of vibration, what SciPy makes of them in float64, and the model of a healthy machine (model.txt)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.pipeline.vibration import machine, reference
from cases.signals import SEED, Array, Made

__all__ = ["SEED", "make"]

MODEL = Path(__file__).with_name("model.txt")


def make() -> Made:
    """Return of each state a window, its envelope's spectrum, its features and its score; and the model."""
    model = read_model()
    made: Made = {"model": {"model": model, "window": reference.window().astype(np.float32)}}
    for state in machine.STATES:
        (x,) = machine.windows(state, 2, 1)
        analysis = reference.analysed(x)
        made[state] = {
            "in": x,
            "spectrum": analysis.spectrum.view(np.float64),
            "features": np.r_[analysis.features, reference.score(analysis.features, model)],
        }
    return made


def read_model() -> Array:
    """Return the means of the features, then the factors of distances from them."""
    lines = [line for line in MODEL.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return np.array(" ".join(lines).split(), np.float32)
