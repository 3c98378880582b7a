"""docs/published.md shows what follows from what was counted; the costs that were fitted are those of the core."""

from __future__ import annotations

import numpy as np
import pytest

from docs import measure_published as published
from mpy_harness.targets.files import core_model


@pytest.fixture(scope="module")
def figures():
    return published.figures()


def errors(figures, wanted):
    predict = published.predictor(figures)
    return [abs(published.error(each, predict(each))) for each in figures if each.held_out and wanted(each)]


def test_the_page_is_current():
    assert published.page_with(published.tables()) == published.PAGE.read_text(encoding="utf-8")


def test_there_are_as_many_figures_as_the_models_are_to_rest_on(figures):
    assert len(figures) >= 60
    assert sum(each.is_float for each in figures) >= 25
    assert sum(each.core in published.RISCV for each in figures) >= 15


@pytest.mark.parametrize("core", ["esp32-p4", "cortex-m55", "xtensa-lx6"])
def test_no_function_is_fitted_and_tested(figures, core):
    boards = {each.board for each in figures if each.core == core and not each.held_out}
    its = [each for each in figures if each.board in boards]
    functions = [{each.program.partition(",")[0] for each in its if each.held_out is held} for held in (True, False)]
    assert all(functions)
    assert not functions[0] & functions[1]


@pytest.mark.parametrize(("core", "names"), published.FITTED_COSTS)
def test_the_core_has_the_costs_that_fit_half_of_its_figures(figures, core, names):
    model = core_model(core)
    assert model is not None
    costs = {str(name): cost for name, cost in model.costs.items()}
    assert published.fitted_costs(figures, core, names) == {name: costs[name] for name in names}


@pytest.mark.parametrize(
    ("wanted", "median", "most"),
    [
        (lambda each: each.flash == "stm32f4", 6, 8),
        (lambda each: each.flash == "stm32g4", 7, 10),
        (lambda each: each.board == "ESP32-P4, -O2", 5, 15),
        (lambda each: each.board == "ESP32-P4, -Os", 5, 15),
        (lambda each: each.program.startswith("dsps_fft2r_fc32") and each.board == "ESP32-P4, -Os", 5, 15),
        (lambda each: each.core == "esp32-c3", 2, 15),
        (lambda each: each.board == "ESP32, assembler", 2, 10),
        (lambda each: each.board == "ESP32, plain C, -O2", 1, 5),
        (lambda each: each.board == "ESP32, plain C, -Os", 5, 25),
        (lambda each: each.board == "ESP32, CoreMark", 10, 10),
        (lambda each: each.core == "xtensa-lx7", 5, 10),
    ],
    ids=[
        *("STM32F4", "STM32G4", "ESP32-P4, -O2", "ESP32-P4, -Os", "its FFT that waits for results", "ESP32-C3"),
        *("ESP32 in assembler", "in C", "in C with -Os", "its CoreMark", "ESP32-S3"),
    ],
)
def test_held_out_figures_are_within(figures, wanted, median, most):
    found = errors(figures, wanted)
    assert np.median(found) <= median
    assert np.percentile(found, 90) <= most


@pytest.mark.parametrize(
    ("core", "most"),
    [
        ("cortex-m0", 10),
        ("cortex-m0plus", 10),
        ("cortex-m3", 10),
        ("cortex-m4", 10),
        ("cortex-m33", 10),
        ("cortex-m7", 15),
        ("cortex-m55", 15),
    ],
)
def test_without_wait_states_held_out_figures_are_within_the_aims(figures, core, most):
    integers = errors(figures, lambda each: each.core == core and not each.memory and not each.is_float)
    assert len(integers) >= 2
    assert np.median(integers) <= 5
    assert np.percentile(integers, 90) <= most


@pytest.mark.parametrize("core", ["esp32-p4", "esp32-c3", "hazard3", "cortex-m55", "xtensa-lx6", "xtensa-lx7"])
def test_the_bound_of_a_core_is_the_greatest_error(figures, core):
    model = core_model(core)
    assert model is not None
    assert max(errors(figures, lambda each: each.core == core and not each.memory)) <= model.error
