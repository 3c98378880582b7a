"""Stages of signal processing, the fit of their constants, and what is estimated of them."""

from __future__ import annotations

import numpy as np
import pytest

import mpy_harness.costs
from mpy_harness.costs import fitting
from mpy_harness.costs.constants import constants
from mpy_harness.costs.dsp import dsp_stage
from mpy_harness.costs.fitting import Point, fit
from mpy_harness.costs.limits import Fit, Limits, read_bytes, read_seconds
from mpy_harness.errors import ModelInvalid, TargetInvalid
from mpy_harness.resources import targets_dir


def test_sizes_have_defaults_and_a_rate():
    stage = dsp_stage("fir:taps=64,rate=16000")
    assert (stage.kind, stage.module, stage.sizes, stage.rate) == ("fir", "fir", {"taps": 64, "block": 256}, 16000)
    assert stage.terms == {"run": 1, "sample": 256, "tap": 256 * 64, "round": 4}
    assert stage.heap == 16 + 2 * 4 * 64
    assert dsp_stage("fir_q15:taps=64").heap == 16 + 2 * 2 * 64
    assert dsp_stage("iir:sections=3").heap == 96  # 8 and 3 of 28 bytes, in blocks of 16
    assert dsp_stage("int16_to_float:n=10").heap == 0


@pytest.mark.parametrize("n", [4, 8, 64, 128])
def test_swaps_of_a_transform(n):
    bits = n.bit_length() - 1
    swapped = sum(i < int(f"{i:0{bits}b}"[::-1], 2) for i in range(n))
    assert dsp_stage(f"fft:n={n}").terms["swap"] == swapped
    assert dsp_stage(f"rfft:n={2 * n}").terms["swap"] == swapped


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dct:n=8", "there is no stage 'dct'. There are fir, "),
        ("fir", "taps is not said. Write fir:taps=NUMBER"),
        ("fir:taps=0", "taps has to be a whole number from 1 to 1,000,000,000, not '0'"),
        ("fir:taps=-4", "not '-4'"),
        ("fir:taps=4.5", "not '4.5'"),
        ("fir:taps=²", "not '²'"),
        ("fir:taps=99999999999", "not '99999999999'"),
        ("fir:n=4", "'n' is unknown, there are block, rate, taps"),
        ("fir:taps=4,taps=5", "'taps' is there twice"),
        ("fft:n=100", "n has to be a power of two, from 4 to 1048576"),
        ("fft:n=2097152", "power of two"),
    ],
)
def test_a_wrong_stage_is_told(text, message):
    with pytest.raises(ModelInvalid) as told:
        dsp_stage(text)
    assert message in str(told.value)


def point(samples: int, integer: float, *, held_out: bool = False, guess: float | None = None) -> Point:
    counts = {"integer": integer, "load": 2.0 * samples, "load_words": 4.0 * samples}
    guessed = None if guess is None else {"run": 1, "sample": guess}
    return Point("x", "", held_out, {"run": 1, "sample": samples}, guessed, {"n": samples}, counts)


def test_a_fit_gives_what_each_term_costs_and_the_greatest_error_of_what_is_held_out():
    fitted = [point(n, 100 + 10 * n, guess=n) for n in (1, 10, 1000)]
    # 120 + 12 * 20 instructions, of which the fit knows 100 + 12 * 20.
    held_out = [point(20, 320, held_out=True, guess=30), point(5, 150, held_out=True, guess=5)]
    found = fit([*fitted, *held_out])
    assert found.terms["run"] == {"integer": pytest.approx(100)}
    assert found.terms["sample"] == pytest.approx({"integer": 10, "load": 2, "load_words": 4})
    assert found.sizes == {"n": (1, 1000)}
    assert found.errors.models == 2
    assert found.errors.known == 5.6  # 20 of 360, rounded up
    assert found.errors.guessed == 27.8  # 100 + 12 * 30 of 360
    counts = fitting.predicted({"run": 1, "sample": 7}, found.terms)
    assert fitting.instructions(counts) == pytest.approx(100 + 12 * 7)
    assert counts["load_words"] == pytest.approx(28)


def test_no_error_is_none():
    found = fit([point(n, 100 + 10 * n, held_out=n == 5) for n in (1, 5, 10)])
    assert (found.errors.known, found.errors.guessed) == (0.1, None)


def test_a_pipeline_takes_its_modules_once_and_passes_its_rate_on():
    cost = mpy_harness.costs.estimate("fir:taps=8,rate=16000,block=64", "rfft:n=256", "fir:taps=8,block=4")
    assert [each.runs for each in cost.stages] == [250, 62.5, 62.5 / 4]
    modules = constants().targets["m33"].modules
    assert cost.flash == modules["fir"].file + modules["fft"].file
    assert cost.heap == modules["fir"].heap + modules["fft"].heap + 2 * 80 + 1040
    runs = [250, 62.5, 62.5 / 4]
    times = [each.time.seconds for each in cost.stages if each.time is not None]
    assert cost.share == pytest.approx(sum(time * often for time, often in zip(times, runs, strict=True)))
    assert cost.seconds == pytest.approx(sum(times))
    instructions = [each.instructions for each in cost.stages]
    assert cost.instructions_per_second == pytest.approx(np.dot(instructions, runs))
    assert mpy_harness.costs.estimate("fir:taps=8", "rfft:n=256").share is None


def test_the_error_of_a_time_is_that_of_instructions_and_that_of_the_cycle_model():
    cost = mpy_harness.costs.estimate("iir:sections=3", clock=80_000_000)
    (stage,) = cost.stages
    assert stage.time_error == pytest.approx(stage.error + 20)  # it is float code
    assert cost.time_error == pytest.approx(stage.time_error)
    slower = mpy_harness.costs.estimate("iir:sections=3")
    assert cost.seconds is not None
    assert cost.seconds * 4 == pytest.approx(slower.seconds)


def test_code_without_floats_has_the_error_of_its_cycle_model():
    for text, name in (("iir:sections=3", "m3"), ("fir_q15:taps=32", "m33")):
        (stage,) = mpy_harness.costs.estimate(text, target=name).stages
        assert stage.floats == pytest.approx(0, abs=1)
        assert not stage.is_float_code
        assert stage.time_error == pytest.approx(stage.error + 10 + stage.floats)


def test_sizes_outside_of_what_was_measured_are_told():
    assert mpy_harness.costs.estimate("iir:sections=3").stages[0].outside == ""
    outside = mpy_harness.costs.estimate("iir:sections=40,block=8").stages[0].outside
    assert outside == "sections=40 (1 to 12 were measured), block=8 (16 to 256 were measured)"


def test_a_target_with_the_same_core_and_modules_has_the_same_constants(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    text = (targets_dir() / "m33" / "target.toml").read_text(encoding="utf-8")
    (folder / "target.toml").write_text(text, encoding="utf-8")
    own, mine, renode = (
        mpy_harness.costs.estimate("iir:sections=3", target=name) for name in ("m33", str(folder), "renode-m33")
    )
    assert [each.measured_on for each in (own, mine, renode)] == ["m33"] * 3
    # Renode runs the same image; what `mine` runs calls the same native module.
    assert renode.stages[0].error == own.stages[0].error
    assert mine.stages[0].error == pytest.approx(own.stages[0].error + constants().other_firmware)
    assert constants().other_firmware > 0
    with pytest.raises(TargetInvalid, match=r"m7-dp \(cortex-m7, armv7emdp\) was not measured, only on m33"):
        mpy_harness.costs.estimate("iir:sections=3", target="m7-dp")


def test_nothing_is_no_estimate():
    with pytest.raises(ModelInvalid, match="nothing to estimate"):
        mpy_harness.costs.estimate()


def test_a_limit_within_the_error_may_not_be_kept():
    fits = {limit: Fit("time", 10.0, limit, error=10.0).verdict for limit in (8.9, 9.1, 10.9, 11.1)}
    assert fits == {8.9: "no", 9.1: "perhaps", 10.9: "perhaps", 11.1: "yes"}
    assert Fit("time", float("nan"), 1.0).verdict == "perhaps"
    cost = mpy_harness.costs.estimate("iir:sections=3")
    assert [fit.verdict for fit in Limits(ram=cost.heap, flash=cost.flash - 1, time=1.0).of(cost)] == [
        "yes",
        "no",
        "yes",
    ]


def test_limits_are_read():
    assert [read_bytes(text) for text in ("100", "32K", "32k", "32KiB", "1.5M", "64 KB")] == [
        100, 32768, 32768, 32768, 3 << 19, 65536,
    ]  # fmt: skip
    assert [read_seconds(text) for text in ("20ms", "500us", "500 µs", "1.5s")] == pytest.approx(
        [0.02, 5e-4, 5e-4, 1.5]
    )
    for wrong in ("20", "ms", "-3ms", "1e3s", "20KB"):
        with pytest.raises(ValueError, match="is not a time: 20ms"):
            read_seconds(wrong)
    for wrong in ("", "many", "1G", "20ms"):
        with pytest.raises(ValueError, match="is not bytes: 32768, 32K"):
            read_bytes(wrong)
