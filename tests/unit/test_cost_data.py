"""The constants and docs/costs.md follow from what was measured, and are as good as they should be."""

from __future__ import annotations

import json
from statistics import median

import numpy as np
import pytest

from docs import costs_plot, measure_costs
from docs.costed_models import dsp_cases
from docs.costed_networks import network_cases
from mpy_harness.costs.constants import FILE, constants
from mpy_harness.costs.fitting import error

#: In percent: what importing a module takes differs by a few blocks, and the smallest takes 656 bytes.
HEAP_OF_OTHER_FIRMWARE = 8


@pytest.fixture(scope="module")
def measured():
    return json.loads(measure_costs.MEASURED.read_text(encoding="utf-8"))


def test_constants_and_page_are_current(measured):
    fitted, committed_other = measure_costs.fitted(measured), constants().other_firmware
    # Another library of linear algebra may round the last digit another way.
    for name, target in fitted.targets.items():
        for kind, stage in target.stages.items():
            committed = constants().targets[name].stages[kind]
            for term, costs in stage.terms.items():
                assert committed.terms[term] == pytest.approx(costs, rel=1e-3, abs=1e-3), (name, kind, term)
            assert (committed.sizes, committed.errors.models) == (stage.sizes, stage.errors.models)
    assert measure_costs.dumped(constants()) == FILE.read_text(encoding="utf-8")
    assert committed_other == pytest.approx(fitted.other_firmware, abs=0.11)
    page = measure_costs.PAGE.read_text(encoding="utf-8")
    for name in measured["targets"]:
        assert name in page
    assert measure_costs.page_with(measure_costs.tables(measured, constants())) == page
    plot = costs_plot.PLOT.read_text(encoding="utf-8")
    what_to_do = "python -m docs.measure_costs --fit"
    assert f"<dc:description>{costs_plot.digest(measure_costs.written(measured))}</dc:description>" in plot, what_to_do


def test_half_is_held_out_of_enough_models(measured):
    for name in measure_costs.TARGETS:
        models = measured["targets"][name]["models"]
        held_out = sum(each["held_out"] for each in models)
        assert len({(each["kind"], each["model"]) for each in models}) == len(models) >= 40
        assert 0.45 <= held_out / len(models) <= 0.55


def test_each_kind_has_sizes_enough_and_is_in_the_plot(measured):
    kinds = measure_costs.points(measured["targets"]["m33"])
    assert {name for names in costs_plot.GROUPS.values() for name in names} == set(kinds)
    for name in constants().targets:
        found = measure_costs.points(measured["targets"][name])
        assert found.keys() == kinds.keys()
        assert min(len(points) for points in found.values()) >= 8


def test_held_out_models_are_within_the_aims(measured):
    for name, of_target in measured["targets"].items():
        known = measure_costs.constants_of(of_target, constants())
        errors = [
            abs(error(point, known.stages[kind].terms))
            for kind, points in measure_costs.points(of_target).items()
            for point in points
            if point.held_out
        ]
        assert median(errors) <= 5
        assert np.percentile(errors, 95) <= 10
        flash, heap = measure_costs.byte_errors(of_target, known)
        assert max(flash) <= 2
        assert max(heap) <= (2 if name in constants().targets else HEAP_OF_OTHER_FIRMWARE)


def test_an_estimate_has_the_greatest_error_of_its_kind(measured):
    for name, target in constants().targets.items():
        for kind, points in measure_costs.points(measured["targets"][name]).items():
            stage = target.stages[kind]
            held_out = [each for each in points if each.held_out]
            assert max(abs(error(each, stage.terms)) for each in held_out) <= stage.errors.known
            if stage.errors.guessed is not None:
                greatest = max(abs(error(each, stage.terms, guessed=True)) for each in held_out)
                assert greatest <= stage.errors.guessed


def test_a_kind_that_there_is_not_is_an_error_with_those_there_are():
    cases = [*dsp_cases(), *network_cases()]
    assert {case.stage.kind for case in measure_costs.of_kind(cases, "network_int8")} == {"network_int8"}
    with pytest.raises(ValueError, match=r"'network'; there are fft, fir, fir_q15, .*network_float32, network_int8, "):
        measure_costs.of_kind(cases, "network")
