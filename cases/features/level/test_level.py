"""Weights and buffers that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from cases.features.level import workload
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.errors import GuestException

WEIGHTS = np.array([0.1, 0.01, 0.0], np.float32)


def test_refuses_what_does_not_fit(natmod: ModuleLoader) -> None:
    module = natmod(workload.Level.folder() / "natmod")
    for weights, hop in ((WEIGHTS[:2], 4), (np.r_[WEIGHTS, WEIGHTS], 4), (WEIGHTS, 0), (WEIGHTS, -1)):
        with pytest.raises(GuestException, match="ValueError: two weights, an offset and a hop are wanted"):
            module.new(weights, hop)
    with pytest.raises(GuestException, match="TypeError: array of another type expected"):
        module.new(WEIGHTS.astype(np.int32), 4)
    meter = module.new(WEIGHTS, 4)
    src, out = np.zeros(8, np.int16), np.zeros(6, np.float32)
    meter.run(src, out)
    meter.run(src[:0], out[:0])
    for wrong in ((src[:7], out), (src, out[:5]), (src, out[:3]), (src[:0], out)):
        with pytest.raises(GuestException, match="ValueError: whole hops, and three levels for each are wanted"):
            meter.run(*wrong)
    for other in ((src.astype(np.float32), out), (src, out.astype(np.int32))):
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            meter.run(*other)
