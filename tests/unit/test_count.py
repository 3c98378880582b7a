"""What a counted region came to: sums, and what it is called."""

from __future__ import annotations

import pytest

from mpy_harness.cli.script import _Output
from mpy_harness.counting.count import Count, count_of, regions_of
from mpy_harness.counting.plugin_lines import Record
from mpy_harness.reports.region_lines import region_lines
from mpy_harness.targets import Cycles


def test_classes_that_nothing_was_counted_of_are_zero_in_sums_too():
    total = Count("all")
    for number in (1, 2):
        total.add(Count("part", number, {"integer": number, "divide": 0}, {"load_words": 0}))
    assert total.classes == {"integer": 3, "divide": 0}
    assert total.words == {"load_words": 0}


def test_classes_have_the_names_that_cycle_models_have():
    classes = {"integer": 5, "float multiply-add": 2, "float divide": 0}
    record = Record(name="61", depth=0, instructions=7, finished=True, exact=True, classes=classes)
    assert count_of(record, None).classes == {"integer": 5, "float_multiply_add": 2, "float_divide": 0}


def test_regions_and_those_inside_them():
    deepest = Count("c")
    a = Count("a", regions=[Count("b", regions=[deepest])])
    assert [count.name for count in regions_of([a, Count("d")])] == ["a", "b", "c", "d"]


def test_regions_of_a_script_by_line():
    left = Count("left\n", 1234567, finished=False)
    assert region_lines([Count("a", 0), left, Count("x" * 300)]) == [
        "region 'a': 0 instructions",
        r"region 'left\n': 1,234,567 instructions until the script's end: it was not stopped",
        "region '" + "x" * 70 + "…: 0 instructions",
    ]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ([b"610\r", b"\n"], b"610\n"),
        ([b"1\r\n2\r\n", b"3"], b"1\n2\n3"),
        ([b"50%\r", b"100%\r"], b"50%\r100%\r"),
        ([b"\r", b"\r", b"\n"], b"\r\n"),
    ],
)
def test_ends_of_lines_in_what_a_guest_prints(pieces, shown, capfdbinary):
    output = _Output()
    for piece in pieces:
        output(piece)
    output(b"", last=True)
    assert capfdbinary.readouterr().out == shown


def test_no_estimate_without_a_cycle_model():
    with pytest.raises(ValueError, match="this target's core has none"):
        Count("r", 10, classes={"integer": 10}).estimate(None)


def test_no_estimate_without_classes():
    with pytest.raises(ValueError, match="run with --counting classes"):
        Count("a", 5).estimate(Cycles(source="a manual", error=10, clock=1, costs={"integer": 1}))
