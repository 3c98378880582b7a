"""The interpreter in flash: one model of estimates and of docs/published.md, and what published figures say of it."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from docs import measure_published as published
from mpy_harness.costs import cycles, estimate
from mpy_harness.costs.constants import constants
from mpy_harness.costs.flash import from_flash, wait
from mpy_harness.costs.part_time import part_time
from mpy_harness.costs.waits import Code, most_waits
from mpy_harness.targets import CodeMemory, Fact, Measured, load_part

COUNTS = {"integer": 1000, "call": 10, "return": 10, "load_words": 0, "store_words": 0, "load_row": 0, "load_used": 0}
MEASURED = Measured(work=0.5, calls=2, source="a test")


@pytest.fixture(scope="module")
def figures():
    return published.figures()


def fact(value):
    return Fact(value=value, source="a manual")


def test_calls_and_returns_wait_and_work_is_that_of_published_firmware():
    assert from_flash(1060, COUNTS, 5, MEASURED) == 0.5 * 1060 + 2 * 5 * 20
    model = load_part("stm32f405").cycles
    assert model is not None
    memory = CodeMemory(memory="flash", waits=fact(5), line=fact(16), cache=fact(1024), measured=MEASURED)
    found = wait(Code(COUNTS, memory), model, is_interpreter=True)
    assert (found.more, found.most) == (0.5 * 1060 + 200 - 1060, 0)
    for code in (Code(COUNTS, memory, cached=1024), Code(COUNTS, memory)):
        assert wait(code, model, is_interpreter=False).more == 0
        assert wait(code, model, is_interpreter=False).most == most_waits(code)
    assert wait(Code(COUNTS, memory, cached=1024), model, is_interpreter=True).more == 0


def test_where_nothing_was_fitted_the_greatest_published_deviation_is_the_upper_end():
    model = load_part("rp2350").cycles
    assert model is not None
    memory = CodeMemory(memory="flash", cache=fact(1024), longer=fact(50))
    found = wait(Code({"integer": 1000}, memory), model, is_interpreter=True)
    assert (found.more, found.most) == (0, 500)
    assert wait(Code({"integer": 1000}, memory, cached=1000), model, is_interpreter=True).most == 0
    assert wait(Code({"integer": 1000}, memory), model, is_interpreter=False).most is None


def test_what_was_measured_needs_the_wait_states():
    with pytest.raises(ValidationError, match="measured needs waits"):
        CodeMemory(memory="flash", measured=MEASURED)


def test_the_part_has_what_fits_half_of_the_published_figures(figures):
    memory = load_part("stm32f405").firmware
    assert memory.measured is not None
    fitted = published.measured_flash(figures, "stm32f4")
    assert (memory.measured.work, memory.measured.calls) == (fitted.work, fitted.calls)


def test_a_published_program_takes_on_the_part_what_the_page_predicts(figures):
    part, predict = load_part("stm32f405"), published.predictor(figures)
    boards = [each for each in figures if each.board == "Pyboard 1.1, 5 wait states"]
    assert len(boards) > 9
    for each in boards:
        found = part_time(each.counts, part, 0, is_interpreter=True)
        assert found.time.cycles == pytest.approx(predict(each))
        if each.held_out:
            assert found.time.cycles * (1 - found.time.error / 100) <= each.cycles
            assert each.cycles <= found.time.cycles * (1 + found.above / 100)


@pytest.mark.parametrize(("name", "board"), [("rp2040", "Raspberry Pi Pico"), ("rp2350", "Raspberry Pi Pico 2")])
def test_published_programs_are_within_the_upper_end_of_a_part(figures, name, board):
    part = load_part(name)
    assert part.firmware.longer is not None
    longest = max(100 * (each.cycles / each.model - 1) for each in figures if each.board == board)
    assert longest <= part.firmware.longer.value < longest + 1
    for each in (each for each in figures if each.board == board):
        found = part_time(each.counts, part, 0, is_interpreter=True)
        assert each.cycles <= found.time.cycles * (1 + found.above / 100)


def test_an_estimate_for_a_part_has_the_calls_of_the_interpreter_in_its_time():
    part, without = estimate("fir_q15:taps=8", part="stm32f405"), estimate("fir_q15:taps=8", target="m4")
    (stage,), (plain,) = part.stages, without.stages
    counts = constants().targets["m4"].stages["fir_q15"].terms["run"]
    counts = {name: max(0.0, number) for name, number in counts.items()}
    model, memory = load_part("stm32f405").cycles, load_part("stm32f405").firmware
    assert model is not None
    assert memory.measured is not None
    taken = cycles.estimate({**dict.fromkeys(("load_words", "store_words", "load_row"), 0.0), **counts}, model).cycles
    assert stage.time is not None
    assert plain.time is not None
    wanted = plain.time.cycles - taken + from_flash(taken, counts, 5, memory.measured)
    assert stage.time.cycles == pytest.approx(wanted)
    assert stage.time.cycles != pytest.approx(plain.time.cycles, rel=0.001)


def test_integers_go_on_while_a_cortex_m4_divides():
    counts = json.loads(published.COUNTED.read_text(encoding="utf-8"))["pico_float_bench m4"]["mean"]["counts"]
    counts = {**dict.fromkeys(("load_words", "store_words", "load_row"), 0), **counts}
    model = load_part("stm32f405").cycles
    assert model is not None
    in_turn = cycles.estimate(counts, model.model_copy(update={"overlap": None}))
    # Behind each division are a comparison and two branches, 1 + 3 + 3 cycles.
    found = cycles.estimate(counts, model)
    assert found.cycles == pytest.approx(in_turn.cycles - 4000 * 7, abs=2)
    assert found.error == in_turn.error == model.error
    for nanoseconds, hertz in ((1014e3, 100e6), (836e3, 120e6), (2094e3, 48e6)):
        assert found.cycles == pytest.approx(nanoseconds * hertz / 1e9, rel=0.06)
    most = cycles.estimate({**counts, "behind_divide": 1e6}, model)
    assert in_turn.cycles - most.cycles == 13 * 4000
    # In older counts it is not told which follow.
    counts = {name: number for name, number in counts.items() if not name.startswith("behind")}
    found = cycles.estimate(counts, model)
    floats = sum(n * model.costs[name] for name, n in counts.items() if name.startswith("float_"))
    # All but the floats may be hidden: 13 cycles of each division are more than that.
    assert found.cycles == pytest.approx((in_turn.cycles + floats) / 2)
    assert found.cycles * (1 + (found.error - model.error) / 100) == pytest.approx(in_turn.cycles, rel=1e-3)
    for nanoseconds, hertz in ((1014e3, 100e6), (836e3, 120e6), (2094e3, 48e6)):
        assert found.cycles * (1 - found.error / 100) < nanoseconds * hertz / 1e9 < found.cycles
    few = cycles.estimate({**counts, "float_divide": 1, "float_square_root": 1}, model)
    less = cycles.estimate(
        {**counts, "float_divide": 1, "float_square_root": 1}, model.model_copy(update={"overlap": None})
    )
    assert less.cycles - few.cycles == (13 + 13) / 2
