"""What regions read that their programs do not decide, in words and as part of a measurement."""

from __future__ import annotations

from mpy_harness.counting.count import Count
from mpy_harness.counting.reads import described
from mpy_harness.measurements.from_tests import Origin, of_counts


def test_in_words():
    assert described({}) == ""
    assert described({"mp_hal_ticks_us": 1}) == "the clock (mp_hal_ticks_us once)"
    assert described({"yasmarang": 1200, "mp_hal_ticks_us": 2, "mp_hal_ticks_ms": 3}) == (
        "the clock (mp_hal_ticks_ms 3 times, mp_hal_ticks_us 2 times) and random numbers (yasmarang 1,200 times)"
    )


def test_a_measurement_tells_what_all_its_regions_read():
    origin = Origin("test_it", "test_it.py", 1)
    counts = [Count("a", 10, reads={"yasmarang": 2}), Count("a", 20), Count("a", 30, reads={"yasmarang": 1})]
    measured = of_counts(counts, "m33", "a", origin)
    assert (measured.value, measured.reads) == (60, "random numbers (yasmarang 3 times)")
    assert of_counts(counts[1:2], "m33", "a", origin).reads == ""
