"""Series of measurements over revisions."""

from __future__ import annotations

from datetime import timedelta

from mpy_harness.reports.trends import trends
from tests.unit.comparison_data import measurement, run


def test_series_are_in_order_of_time_and_change() -> None:
    first = run(measurement(100), measurement(50, "steady"), measurement(1, "gone"), revision="1" * 40)
    later = {"created": first.created + timedelta(days=1), "revision": "2" * 40}
    other = first.provenance["m33"].model_copy(update={"toolchain": "gcc 13"})
    second = run(measurement(120), measurement(50, "steady"), revision="2" * 40, provenance={"m33": other})
    moved, steady = trends([second.model_copy(update=later), first])
    assert moved.measurement.case == "filters/iir"
    assert [(each.value, each.revision[0], each.day, each.like) for each in moved.points] == [
        (100, "1", "2026-11-21", True),
        (120, "2", "2026-11-22", False),
    ]
    assert moved.moved == 20 / 120
    assert steady.measurement.case == "steady"
    assert steady.moved == 0


def test_one_run_is_no_trend() -> None:
    assert trends([run(measurement()), run(measurement())]) == []
    assert trends([run(measurement())]) == []
    assert trends([]) == []
