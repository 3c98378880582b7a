"""Kernels of bench-device: what they are given, what has to come out, and how figures are told."""

from __future__ import annotations

import importlib.util
import json
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from docs import measure_rates
from mpy_harness.rates.bench import FOLDER, Benchmark, Call, Rate
from mpy_harness.rates.kernels import DATA_TYPES, KERNELS, Given
from mpy_harness.rates.spread import Spread, spread
from mpy_harness.reports.rate_table import rate_data, rate_lines
from mpy_harness.targets import load_part

CODES = {"int8": "b", "int16": "h", "int32": "i", "float32": "f"}


@pytest.fixture(scope="module")
def in_python() -> Any:
    spec = importlib.util.spec_from_file_location("kernels_python", FOLDER / "kernels_python.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def computed(function: Any, given: Given) -> np.ndarray:
    src, coefs, table, out = (
        array(CODES[str(each.dtype)], each.tobytes()) for each in (given.src, given.coefs, given.table, given.out)
    )
    function(src, coefs, table, out)
    return np.array(out)[: len(given.expected)]


@pytest.mark.parametrize("data_type", DATA_TYPES)
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_the_program_computes_what_numpy_does(in_python, kernel, data_type):
    function = getattr(in_python, f"{kernel.name}_{data_type}")
    found_wrong = 0
    for seed in range(20):
        given, other = (kernel.given(data_type, np.random.default_rng([seed, which])) for which in (0, 1))
        assert np.all(np.abs(computed(function, given) - given.expected) <= given.tolerance)
        found_wrong += bool(np.any(np.abs(computed(function, other) - given.expected) > given.tolerance))
    # What comes of another input is told from it: the tolerance does not let everything pass.
    assert found_wrong > 12


def test_sums_have_room_in_small_integers(in_python):
    # MicroPython's have 31 bits; a longer one is on the heap, and takes other code.
    worst = Given(
        np.full(256, 2047, np.int16), np.full(256, 2047, np.int16), np.zeros(1, np.int16),
        np.zeros(1, np.int32), np.array([256 * 2047 * 2047]), 256, 0,
    )  # fmt: skip
    assert worst.expected[0] < 1 << 30
    assert computed(in_python.multiply_add_int16, worst) == worst.expected


def test_how_figures_are_spread():
    assert spread([3.3, 3.3, 3.3]) == Spread(3.3, 0.0, 3.3, 3.3)
    found = spread([1, 2, 3, 4, 5])
    assert (found.mean, found.p75) == (3, 4)
    assert found.p95 == pytest.approx(4.8)
    assert found.deviation == pytest.approx(2**0.5)


def rate(**facts: Any) -> Rate:
    given: dict[str, Any] = {
        "kernel": "fft", "unit": "FFTs", "data_type": "int16", "form": "native", "units": 1,
        "instructions": spread([100, 120]), "cycles": spread([200, 300]), "clock": 1_000_000, "error": 10.0,
        "waits": 0.0, "exact": True, "classes": {"integer": 220},
    }  # fmt: skip
    return Rate(**{**given, **facts})


def lines(*rates: Rate, part: Any = None) -> str:
    return "\n".join(rate_lines("m33", Benchmark(2, (Call("native", 1663),), rates), part))


def test_what_is_told():
    text = lines(rate())
    assert "over 2 inputs" in text
    (row,) = [line for line in text.splitlines() if line.startswith("FFTs")]
    assert row.split() == ["FFTs", "int16", "native", "110", "10", "115", "119", "250", "4,000", "10", "%"]
    assert "native: 1,663 instructions" in text
    assert "at 1 MHz" in text


def test_what_is_not_known_is_told():
    assert "m33 has no cycles: there is no cycle model" in lines(rate(cycles=None, clock=None, error=None))
    without = rate(cycles=None, clock=None, error=None, classes={})
    assert "does not count classes" in lines(without)
    assert without.per_second is None
    assert without.seconds is None
    assert "Not all counts are exact" in lines(rate(exact=False))
    assert "up to twice" in lines(rate(error=20.0), rate())
    assert "up to twice" not in lines(rate(), rate())
    assert "no source tells it" in lines(rate(waits=None), part=load_part("rp2350"))
    assert "-10 +65 %" in lines(rate(waits=50.0), part=load_part("rp2350"))


def test_data_have_everything():
    found = json.loads(json.dumps(rate_data("m33", Benchmark(2, (Call("native", 7),), (rate(),)))))
    assert found["calls"] == {"native": 7}
    (only,) = found["rates"]
    assert only["instructions"] == {"mean": 110, "deviation": 10, "p75": 115, "p95": 119}
    assert (only["per_second"], only["seconds"]) == (4000, pytest.approx(0.00025))


# --- the page -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured() -> Mapping[str, Any]:
    return dict(json.loads(measure_rates.MEASURED.read_text(encoding="utf-8")))


def test_page_and_plot_are_of_what_was_measured(measured):
    what_to_do = "python -m docs.measure_rates --page"
    assert measure_rates.written(measured) == measure_rates.MEASURED.read_text(encoding="utf-8"), what_to_do
    assert measure_rates.stale(measured) == [], what_to_do


def test_all_of_each_target_was_measured(measured):
    assert set(measure_rates.TARGETS) <= set(measured)
    assert set(measured) <= {*measure_rates.TARGETS, *measure_rates.OTHERS}
    for name, found in measured.items():
        forms = found["calls"].keys()  # native modules need compilers that are not to be had everywhere
        assert forms == {"native", "python"} or (name in measure_rates.OTHERS and forms == {"python"})
        assert len(found["rates"]) == len(forms) * len(KERNELS) * len(DATA_TYPES)
        assert {"firmware", "toolchain", "emulator", "micropython"} <= found["provenance"].keys()


def test_a_figure_that_changes_changes_page_and_plot(measured):
    other = json.loads(json.dumps(measured))
    other["m33"]["rates"][0]["instructions"]["mean"] *= 2
    assert measure_rates.stale(other) == ["device-benchmark.md", "rates.svg"]
