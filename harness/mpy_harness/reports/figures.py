"""How figures are written, the same in all reports."""

from __future__ import annotations

from math import isfinite

from mpy_harness.measurements.from_tests import INFINITE
from mpy_harness.measurements.run import Measurement
from mpy_harness.reports.names import printable

_SENSELESS = 1e9


def metric(measurement: Measurement) -> str:
    """Return a metric with its unit, where that says more."""
    name, unit = printable(measurement.metric), measurement.unit
    return name if unit.lower() in {"", measurement.metric.lower()} else f"{name} [{printable(unit)}]"


def amount(value: float | None) -> str:
    """Return a value: whole numbers to the last digit, others to five; nothing for None."""
    if value is None:
        return ""
    sign = "-" if value < 0 else ""
    return f"{value:,}" if isinstance(value, int) else sign + _short(abs(value))


def signed(delta: float | None) -> str:
    """Return a difference with its sign; nothing for None."""
    if delta is None or not delta:
        return "" if delta is None else "0"
    return ("+" if delta > 0 else "-") + amount(abs(delta))


def percent(share: float | None) -> str:
    """Return a change as percents, with two digits where it is small; nothing where it says nothing."""
    if share is None or not isfinite(share) or not share or abs(share) >= _SENSELESS:
        return ""
    if abs(share) >= 100:
        return f"×{_short(share + 1)}" if share > 0 else "-" + _short(100 * abs(share)) + "%"
    size = 100 * abs(share)
    if size < 0.01:
        return "<0.01%" if share > 0 else ">-0.01%"
    return f"{'+' if share > 0 else '-'}{size:,.1f}%" if size >= 1 else f"{100 * share:+.2f}%"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _short(value: float) -> str:
    return "∞" if value >= INFINITE else f"{value:,.5g}"
