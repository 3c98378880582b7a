"""What was measured of a board, beside what the cycle model of its core says."""

from __future__ import annotations

from collections.abc import Sequence

from mpy_harness.rates.calibrate import Fit, Point
from mpy_harness.reports.table import aligned
from mpy_harness.targets import Cycles

_HEAD = ["kernel", "data", "form", "measured µs", "spread", "model µs", "measured/model"]


def calibration_lines(points: Sequence[Point], model: Cycles | None, clock: int) -> list[str]:
    """Return a row for each kernel; without a ``model``, only what was measured."""
    return aligned([_HEAD if model is not None else _HEAD[:5], *(_row(point, model, clock) for point in points)])


def _row(point: Point, model: Cycles | None, clock: int) -> list[str]:
    timing = point.timing
    cells = [point.kernel, point.data_type, point.form, f"{timing.median:,.0f}", f"{timing.spread:,.0f}"]
    if model is not None:
        predicted = point.cycles(model) * 1e6 / clock
        cells += [f"{predicted:,.0f}", f"{point.microseconds / predicted:.2f}"]
    return cells


def fit_line(whose: str, fit: Fit | None) -> str:
    """Return in words what was fitted."""
    if fit is None:
        return f"{whose}: nothing was fitted"
    cycles = "1 cycle" if fit.waits == 1 else f"{fit.waits} cycles"
    return f"{whose}: a fetch waits {cycles}; with that, times are off by {fit.least:+.0f} % to {fit.most:+.0f} %"
