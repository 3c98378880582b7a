"""mpy-harness bench-device on a board, and docs/device-benchmark.md, which it was made with."""

from __future__ import annotations

import json

import pytest

from docs import measure_rates
from mpy_harness.rates.kernels import KERNELS
from tests.emulator.absent import target_or_skip

FFT = next(kernel for kernel in KERNELS if kernel.name == "fft")
TREES = next(kernel for kernel in KERNELS if kernel.name == "tree_nodes")


def test_what_is_measured_is_what_the_page_says():
    target_or_skip("m33")
    before = json.loads(measure_rates.MEASURED.read_text(encoding="utf-8"))["m33"]
    found = measure_rates.measure("m33", kernels=[TREES, FFT], forms=["native"], inputs=before["inputs"])
    if (here := found["provenance"]["toolchain"]) != before["provenance"]["toolchain"]:
        pytest.skip(f"the page was made with another toolchain; here: {here}")
    assert found["calls"]["native"] == before["calls"]["native"]
    committed = measure_rates.by_kernel(before)
    assert len(found["rates"]) == 6
    for each in measure_rates.by_kernel(found).items():
        assert each in committed.items(), "python -m docs.measure_rates measures anew"


def test_the_command(capsys, monkeypatch):
    from mpy_harness.cli.app import application

    target_or_skip("m33")
    words = [
        "bench-device",
        "--part",
        "rp2350",
        "--kernel",
        "multiply_add",
        "--type",
        "int8",
        "--inputs",
        "2",
        "--json",
    ]
    application("bench-device")(words, standalone_mode=False)
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["target"], found["part"], found["inputs"]) == ("m33", "rp2350", 2)
    native, python = found["rates"]
    assert (native["form"], python["form"]) == ("native", "python")
    assert python["instructions"]["mean"] > 20 * native["instructions"]["mean"] > 20
    assert native["per_second"] == pytest.approx(150e6 / native["cycles"]["mean"])
    assert native["exact"]


def test_a_wrong_result_is_no_measurement(monkeypatch, tmp_path):
    from dataclasses import replace

    from mpy_harness.errors import MachineryError

    target_or_skip("m33")

    def wrong(kind, random):
        given = TREES.given(kind, random)
        return replace(given, expected=given.expected + 1)

    with pytest.raises(MachineryError, match=r"m33 computes tree_nodes_int8 \(native\) wrong: result 0 is"):
        measure_rates.measure("m33", kernels=[replace(TREES, given=wrong)], forms=["native"], inputs=1)
