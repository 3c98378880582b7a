"""What github-action-benchmark and Bencher read."""

from __future__ import annotations

import json
import re

import pytest

from mpy_harness.reports.benchmarks import bencher, benchmark_action
from tests.unit.comparison_data import HOSTILE, measurement, run

RUN = run(
    measurement(2**53 + 1),
    measurement(90.5, metric="snr", unit="dB", better="higher"),
    measurement(2048, "iir", metric="rodata", unit="bytes", file="", line=0),
    measurement(1200, target="rv32"),
)


def test_one_file_a_direction() -> None:
    lower = json.loads(benchmark_action(RUN, "lower") or "")
    assert lower[0] == {
        "name": "filters/iir / instructions (m33)", "unit": "instructions", "value": 2**53 + 1,
        "extra": "cases/filters/test_iir.py:12",
    }  # fmt: skip
    assert lower[1] == {"name": "iir / rodata (m33)", "unit": "bytes", "value": 2048}
    (higher,) = json.loads(benchmark_action(RUN, "higher") or "")
    assert (higher["name"], higher["value"]) == ("filters/iir / snr (m33)", 90.5)
    assert benchmark_action(run(measurement()), "higher") is None


def test_bencher() -> None:
    metrics = json.loads(bencher(RUN))
    assert metrics == {
        "filters/iir (m33)": {"instructions": {"value": 2**53 + 1}, "snr": {"value": 90.5}},
        "iir (m33)": {"rodata": {"value": 2048}},
        "filters/iir (rv32)": {"instructions": {"value": 1200}},
    }


def test_long_measures_stay_apart() -> None:
    long = "m" * 299
    both = run(measurement(1, metric=long + "a"), measurement(2, metric=long + "b"))
    (measures,) = json.loads(bencher(both)).values()
    assert sorted(each["value"] for each in measures.values()) == [1, 2]
    assert all(len(name) <= 64 for name in measures)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_end_no_code_span(name: str) -> None:
    (entry,) = json.loads(
        benchmark_action(run(measurement(1, name, metric=name, unit=name[:40], file=name)), "lower") or ""
    )
    assert not re.search(r"[`|\n]", "".join(str(value) for value in entry.values()))
    assert all(str(value).isprintable() for value in entry.values())
    assert len(json.loads(bencher(run(measurement(1, name))))) == 1
