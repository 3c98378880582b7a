"""What made measurements worse is named once, however many of them it shows in."""

from __future__ import annotations

from datetime import datetime, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from mpy_harness.counting.count import Count
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import PartChange, Row
from mpy_harness.measurements.from_tests import Origin, of_counts
from mpy_harness.measurements.run import Part, Run
from mpy_harness.reports.causes import causes, contributions, unexplained
from mpy_harness.reports.page import Content, view
from tests.unit.comparison_data import comparison, measurement, of_one_cause, row
from tests.unit.profile_trees import random_profile


def texts(*rows, **more):
    return [cause.text() for cause in causes(comparison(*rows, **more))]


def test_one_function_that_makes_sixty_cases_slower_is_one_line():
    assert texts(*of_one_cause(60)) == ["filter_run (iir): +6 instructions a sample, 60 cases"]


def test_its_size_is_told_beside_it_and_once():
    sizes = [
        row("worse", 100, 104, "natmods/iir", metric=metric, unit="B", parts=(PartChange("iir", "filter_run", 50, 54),))
        for metric in ("text", "ram", "file")
    ]
    assert texts(*of_one_cause(60), *sizes) == ["filter_run (iir): +6 instructions a sample, 60 cases; +4 B"]


def test_several_causes_are_ranked_by_how_much_they_explain():
    most = of_one_cause(5)
    other = row("worse", 1000, 9000, "fft", parts=(PartChange("fft", "twiddle", 0, 8000),))
    assert [text.partition(":")[0] for text in texts(other, *most)] == ["filter_run (iir)", "twiddle (fft)"]


def test_a_case_may_have_two_causes():
    both = row("worse", 0, 100, "a", parts=(PartChange("m", "f", 0, 70), PartChange("m", "g", 0, 30)))
    assert texts(both) == ["f (m): +70 instructions, a", "g (m): +30 instructions, a"]


def test_changes_that_differ_are_told_by_the_largest():
    rows = [row("worse", 100, 150 + n, f"{n}", parts=(PartChange("iir", "run", 0, 50 + n),)) for n in range(3)]
    assert texts(*rows) == ["run (iir): up to +52 instructions, 3 cases"]


def test_a_single_case_has_a_rate_where_that_is_a_whole_number():
    def one(delta):
        return row("worse", 0, delta, "a", values=64, parts=(PartChange("m", "f", 0, delta),))

    assert texts(one(640)) == ["f (m): +10 instructions a sample, a"]
    assert texts(one(650)) == ["f (m): +650 instructions, a"]


def test_targets_are_counted_where_there_are_several():
    rows = [
        *of_one_cause(2),
        row("worse", 1, 2, "iir/0", target="rv32", parts=(PartChange("iir", "filter_run", 0, 1),)),
    ]
    assert texts(*rows)[0].endswith(", 2 cases on 2 targets")


def test_copies_of_a_function_are_that_function():
    parts = (PartChange("iir", "run", 1000, 0), PartChange("iir", "run.constprop.0", 0, 1060))
    assert texts(row("worse", 1000, 1060, "a", parts=parts)) == ["run (iir): +60 instructions, a"]


def test_without_functions_the_module_that_changed_is_the_cause():
    def measured(value, digest, *sizes):
        rows = [row("same", value, value, f"{n}", natmods=("iir/v7m",)) for n in range(3)]
        whole = comparison(*rows, *sizes, row("same", 1, 1))
        return whole.head.model_copy(update={"natmods": {"iir/v7m": digest * 64, "fir/v7m": "0" * 64}})

    def told(*names, code=()):
        def sizes(value):
            for metric, symbols in (("ram", names), ("text", code)):
                if symbols:
                    parts = tuple(Part(module="iir", name=name, value=value) for name in symbols)
                    total = value * len(symbols)
                    whole = measurement(total, "natmods/iir", metric=metric, unit="B", parts=parts)
                    yield Row(whole, whole, "same")

        found = compare(measured(100, "a", *sizes(8)), measured(160, "b", *sizes(12)))
        return [cause.text() for cause in causes(found)]

    assert told() == ["native module iir: +60 instructions, 3 cases"]
    # It is known by its size, where it is the only one that has another.
    assert told("filter_run") == ["filter_run (iir): +60 instructions, 3 cases; +4 B"]
    assert told("filter_run", "filter_new")[0] == "native module iir: +60 instructions, 3 cases"
    # A constant that has another size takes no instructions.
    assert told("table", code=("filter_run",)) == [
        "filter_run (iir): +60 instructions, 3 cases; +4 B",
        "table (iir): +4 B, natmods/iir",
    ]


def test_what_nothing_explains_is_not_charged_to_anything():
    found = comparison(*of_one_cause(2), row("worse", 1, 2, "alone"))
    assert [each.measurement.case for each in unexplained(found, causes(found))] == ["alone"]


def test_small_parts_and_those_that_shrank_explain_nothing():
    parts = (PartChange("m", "f", 0, 1000), PartChange("m", "g", 0, 10), PartChange("m", "h", 20, 10))
    assert texts(row("worse", 0, 1000, "a", parts=parts)) == ["f (m): +1,000 instructions, a"]


def run_of(seeds: list[int], functions: int) -> Run:
    origin = Origin("test", "test_it.py", 1)
    profiles = [random_profile(seed, nodes=60, functions=functions) for seed in seeds]
    measured = (
        of_counts([Count("r", profile.total, profile=profile)], "m33", f"case {number}", origin)
        for number, profile in enumerate(profiles)
    )
    return Run(created=datetime(2026, 11, 28, tzinfo=timezone.utc), measurements=tuple(measured))


seeds = st.lists(st.integers(0, 10_000), min_size=3, max_size=3)


@settings(deadline=None, max_examples=60)
@given(before=seeds, after=seeds, functions=st.integers(1, 250), most=st.integers(0, 8))
def test_bars_add_up_to_the_figure_on_their_card(before, after, functions, most):
    found = compare(run_of(before, functions), run_of(after, functions))
    for each in found.rows:
        assert sum(part.delta for part in contributions(each, most)) == (each.delta if most and each.parts else 0)
    for card in view(Content(found.head, found))["causes"]:
        assert sum(part.delta for part in card["parts"]) == card["row"].delta
    # What causes explain of a measurement, and what shrank or was too small, is its change.
    for each in found.of("worse"):
        explained = {
            (cause.module, cause.name): share.delta
            for cause in causes(found)
            for share in cause.shares
            if share.row is each
        }
        rest = sum(part.delta for part in each.parts if (part.module, part.name) not in explained)
        assert sum(explained.values()) + rest == each.delta
