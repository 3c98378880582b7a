"""What measured times say of a board, and the part that is written of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.board.timing import Timing
from mpy_harness.cli.app import application
from mpy_harness.cli.calibrate import reference_for
from mpy_harness.errors import TargetInvalid
from mpy_harness.rates.bench import KernelForm
from mpy_harness.rates.calibrate import Fit, Point, clock_of, fit
from mpy_harness.rates.part_file import Calibration, part_file
from mpy_harness.reports.calibration_table import calibration_lines, fit_line
from mpy_harness.targets import Cycles, load_part, load_target
from mpy_harness.targets.files import core_model

CLOCK = 100_000_000


def model() -> Cycles:
    found = core_model("cortex-m4")
    assert found is not None
    return Cycles(**found.model_dump(), clock=CLOCK)


def point(number: int, waits: float, form: KernelForm = "native", noise: float = 1.0) -> Point:
    counts = {
        "integer": 700 * number, "load": 200 * number, "load words": 200 * number, "store words": 0,
        "branch taken": 50 * number, "load row": 0,
    }  # fmt: skip
    bare = Point("fft", "int16", form, Timing((0.0,)), counts)
    microseconds = (bare.cycles(model()) + waits * bare.fetches) * 1e6 / CLOCK * noise
    return Point("fft", "int16", form, Timing((microseconds, microseconds * 1.01, microseconds)), counts)


@pytest.mark.parametrize("waits", [0, 1, 5])
@pytest.mark.parametrize("form", ["native", "python"])
def test_the_waits_that_explain_times_are_found(waits: int, form: KernelForm):
    found = fit([point(number, waits, form) for number in (10, 70, 300)], model(), CLOCK)
    assert found is not None
    assert (found.waits, found.points) == (waits, 3)
    assert found.least == pytest.approx(0, abs=1e-6) == found.most


def test_what_is_not_explained_is_said():
    found = fit([point(10, 2, noise=0.9), point(70, 2, noise=1.1)], model(), CLOCK)
    assert found is not None
    assert found.waits == 2
    assert [found.least, found.most] == pytest.approx([-10, 10])
    faster = fit([point(10, 0, noise=0.5)], model(), CLOCK)
    assert faster is not None
    assert faster.waits == 0
    assert faster.most == pytest.approx(-50)
    assert fit([], model(), CLOCK) is None


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        (125_000_000, 125_000_000),
        ((168_000_000, 84_000_000), 168_000_000),
        (0, None),
        ((), None),
        ("80", None),
        (True, None),
    ],
)
def test_the_clock_that_a_board_says(said: object, clock: int | None):
    assert clock_of(said) == clock


def test_the_reference_has_the_core_or_the_instruction_set():
    found = {name: reference_for(load_target(name)).name for name in ("m4-stm32", "renode-m33", "pico", "esp32c3")}
    assert found["renode-m33"] == "m33"
    assert found["pico"] == "m0"
    assert load_target(found["m4-stm32"]).core == "cortex-m4"
    assert found["esp32c3"] in {"esp32c3", "rv32"}
    with pytest.raises(TargetInvalid, match="no target in an emulator counts classes of instructions for x64"):
        reference_for(load_target("unix"))


def calibration(**facts: object) -> Calibration:
    usual = {
        "said": 'A "board" with a \\ and ß', "core": "cortex-m4", "arch": "armv7emsp", "clock": CLOCK,
        "clock_source": "given with --clock", "heap": 100_000, "reference": "m4", "repeats": 20,
    }  # fmt: skip
    return Calibration(**(usual | facts))  # type: ignore[arg-type]


def test_the_part_is_one(tmp_path: Path):
    file = tmp_path / "mine.toml"
    file.write_text(part_file(calibration(modules=Fit(1, 6, -3.2, 8.4))), encoding="utf-8")
    part = load_part(str(file))
    assert part.description == 'A "board" with a \\ and ß, as calibrated'
    assert (part.room, part.clock.value, part.core) == (100_000, CLOCK, "cortex-m4")
    assert part.modules.waits is not None
    assert part.modules.waits.value == 1
    assert "6 kernels" in part.modules.waits.source
    assert "off by -3 % to +8 %" in part.modules.waits.source
    assert part.firmware.waits is None


def test_the_table_has_both_times():
    head, row = calibration_lines([point(100, 0)], model(), CLOCK)
    assert "measured µs" in head
    assert row.split()[-1] == "1.00"
    assert "model" not in calibration_lines([point(100, 0)], None, CLOCK)[0]
    assert fit_line("RAM", Fit(1, 3, -1, 2)) == "RAM: a fetch waits 1 cycle; with that, times are off by -1 % to +2 %"
    assert fit_line("RAM", None) == "RAM: nothing was fitted"


def test_what_is_no_board_is_refused(tmp_path: Path):
    with pytest.raises(TargetInvalid, match="m33 is no board: its clock says how fast the host is"):
        application("calibrate")(
            ["calibrate", "--target", "m33", "-o", str(tmp_path / "a.toml")], standalone_mode=False
        )
