"""Pages of workloads follow from what was measured, and name what is there."""

from __future__ import annotations

import json

import pytest

from docs import measure_workloads, workload_tables
from docs import workload_pages as pages
from mpy_harness.targets import load_target

CASES = pages.FOLDER.parents[1] / "cases"


@pytest.fixture(params=pages.AREAS)
def area(request):
    return request.param


@pytest.fixture
def targets(area):
    if not pages.data_file(area).is_file():
        pytest.skip(f"not measured yet: python -m docs.measure_workloads {area}")
    return json.loads(pages.data_file(area).read_text(encoding="utf-8"))


def test_page_and_plot_are_those_of_what_was_measured(area, targets):
    what_to_do = f"python -m docs.measure_workloads {area} --page"
    assert pages.written(targets) == pages.data_file(area).read_text(encoding="utf-8"), what_to_do
    assert pages.page_with(area, targets) == pages.page_file(area).read_text(encoding="utf-8"), what_to_do
    plot = (pages.FOLDER / f"{area}.svg").read_text(encoding="utf-8")
    assert f"<dc:description>{pages.digest(targets)}</dc:description>" in plot, what_to_do
    assert f"({area}.svg)" in pages.page_file(area).read_text(encoding="utf-8")


def test_every_workload_of_an_area_was_measured(area, targets):
    assert workload_tables.DRAWN in targets
    names = {place.rpartition("/")[2] for place in pages.AREAS[area].workloads}
    assert set(workload_tables.by_workload(targets)) == names
    for of_target in targets.values():
        assert of_target["figures"].keys().isdisjoint(of_target["skipped"])
        assert len(of_target["figures"]) + len(of_target["skipped"]) == len(targets[workload_tables.DRAWN]["figures"])
        assert all(each["instructions"] > 0 for each in of_target["figures"].values())


def test_cycles_are_those_of_the_model_that_there_is_now(area, targets):
    for name, of_target in targets.items():
        model = measure_workloads.mixed_cycles(load_target(name))
        assert of_target.get("mix") == model, f"python -m docs.measure_workloads {area} {name}"


def test_a_figure_that_changes_changes_page_and_plot(area, targets):
    before = pages.tables(area, targets), pages.digest(targets)
    next(iter(targets[workload_tables.DRAWN]["figures"].values()))["instructions"] *= 2
    assert pages.tables(area, targets) != before[0]
    assert pages.digest(targets) != before[1]


def test_areas_have_folders_that_are_there():
    for each in pages.AREAS.values():
        for place in each.workloads:
            assert (CASES / place / "workload.py").is_file()


def test_the_best_form_takes_the_fewest_instructions_with_and_without_a_native_module():
    def measured(**forms):
        return {"figures": {f"w/case ({form})": {"instructions": n, "values": 10} for form, n in forms.items()}}

    targets = {
        "m0": measured(native=9, viper=20, array=30),
        "m33": measured(native=8, viper=31, array=30),
        "m3": measured(),
    }
    for each in targets.values():
        each["skipped"] = {}
    lines = list(workload_tables.best(targets))
    assert "| w: case | native 0.9 | native 0.8 | – |" in lines
    assert "| w: case, no native module | viper 2.0 | array 3.0 | – |" in lines
