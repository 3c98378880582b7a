"""A comparison on the terminal, and what all reports of one share."""

from __future__ import annotations

import pytest

from mpy_harness.measurements.comparison import PartChange
from mpy_harness.measurements.run import Failure
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.figures import amount, percent, signed
from mpy_harness.reports.verdict import SIGNS, changed, counts, headline, tolerated
from tests.unit.comparison_data import HOSTILE, comparison, example, of_one_cause, row


def test_headline_says_the_worst_first() -> None:
    assert counts(example()) == (
        "1 alert; 3 measurements got worse, 1 better, 41 the same, 1 added, 1 removed, "
        "1 measured under other conditions"
    )
    assert headline(comparison(row("same", 1, 1))) == "No measurement got worse, 1 the same"
    assert headline(comparison(row("worse", 1, 2))) == "1 measurement got worse"
    assert headline(comparison()) == "Nothing was measured"
    assert headline(comparison(alerts=("no measurements",))) == "1 alert; nothing was measured"


def test_headline_names_causes() -> None:
    assert headline(example()) == (
        "1 alert; iir_run (iir): +1,200 instructions, filters/iir[float], and 1 more cause, "
        "1 more measurement got worse"
    )


def test_what_cannot_be_judged_is_no_success() -> None:
    found = comparison(row("same", 1, 1), row("unlike", 5, 6, "b"), row("unlike", 5, 6, "c"))
    assert (found.outcome, SIGNS[found.outcome]) == ("inconclusive", "⚠️")
    assert headline(found) == "2 measurements changed under other conditions and cannot be judged, 1 the same"
    assert "got worse" not in comparison_lines(found)[0]
    first = comparison(row("added", None, 1))
    assert (first.outcome, headline(first)) == ("inconclusive", "Nothing could be compared, 1 added")
    # What is never the same says nothing about the others.
    assert comparison(row("same", 1, 1), row("unsteady", 5, 6, "b")).outcome == "passed"


def test_a_baseline_that_is_out_of_date_is_said_with_the_command_that_renews_it() -> None:
    found = comparison(row("unlike", 5, 6), renewal="pytest --measurements baselines/m33.json")
    lines = comparison_lines(found)
    place = next(number for number, line in enumerate(lines) if "out of date" in line)
    assert lines[place + 1] == "    pytest --measurements baselines/m33.json"
    still = comparison(row("worse", 5, 6), renewal="pytest --measurements baselines/m33.json")
    assert "out of date" not in "\n".join(comparison_lines(still))


def test_failed_tests_do_not_bury_what_got_worse() -> None:
    failed = tuple(Failure(target="m33", test=f"test_it.py::test_{n}", file="test_it.py") for n in range(40))
    found = comparison(*of_one_cause(3), row("missed", 5, None, "b"), failed=failed)
    assert headline(found) == "filter_run (iir): +6 instructions a sample, 3 cases, 40 tests failed"
    lines = comparison_lines(found)
    assert sum(line.startswith("failed: ") for line in lines) == 12
    assert "(28 more)" in lines
    assert comparison(row("same", 1, 1), failed=failed).outcome == "failed"
    assert headline(comparison(row("same", 1, 1), failed=failed)) == (
        "40 tests failed, no measurement got worse, 1 the same"
    )


def test_largest_changes_come_first_whatever_their_direction() -> None:
    rows = changed(example())
    assert [each.verdict for each in rows] == ["worse", "worse", "worse", "removed", "unlike", "better", "added"]
    assert [each.measurement.metric for each in rows[:3]] == ["rodata", "instructions", "snr"]
    assert [each.measurement.case for each in tolerated(example())] == ["near"]


def test_from_zero_is_the_largest_change() -> None:
    rows = changed(comparison(row("worse", 10, 1000, "a"), row("worse", 0, 1, "b")))
    assert [each.measurement.case for each in rows] == ["b", "a"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.1, "+10.0%"), (-0.0123, "-1.2%"), (0.0012, "+0.12%"), (-0.00001, ">-0.01%"), (2.5, "+250.0%"),
        (1e6, "×1e+06"), (float("inf"), ""), (None, ""), (0.0, ""),
    ],
)  # fmt: skip
def test_percents(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_figures() -> None:
    assert amount(2**62 + 1) == "4,611,686,018,427,387,905"
    assert amount(90.25) == "90.25"
    assert amount(1.0) == "1"
    assert amount(None) == signed(None) == ""
    assert signed(-1200) == "-1,200"
    assert signed(0.000123456) == "+0.00012346"
    assert signed(0) == "0"
    assert signed(-1e300) == "-∞"
    assert amount(-1.5) == "-1.5"


def test_lines() -> None:
    lines = comparison_lines(example())
    text = "\n".join(lines)
    assert lines[1:3] == [
        "cause 1: iir_run (iir): +1,200 instructions, filters/iir[float]",
        "cause 2: window_table (iir): +1,024 bytes, iir",
    ]
    assert lines[3] == counts(example())
    assert lines[4] == "alert: m33 / filters/old / instructions: the case disappeared"
    assert lines[5].startswith("different: rv32: toolchain")
    assert lines[12].split() == ["worse", "iir", "m33", "rodata", "[bytes]", "2,048", "3,072", "+1,024", "+50.0%"]
    assert lines[13].split() == ["+1,024", "window_table", "(iir)"]
    assert "near" not in text
    assert "steady" not in text
    within = next(line for line in comparison_lines(example(), detailed=True) if "near" in line)
    assert within.startswith("within 0.5%")


def test_many_changes_are_cut_and_said() -> None:
    many = comparison(*(row("worse", 100, 200 + n, f"case{n}") for n in range(50)))
    assert comparison_lines(many)[-1] == "(26 more)"
    assert sum("worse " in line for line in comparison_lines(many, detailed=True)) == 50


def test_cases_of_one_cause_are_folded() -> None:
    lines = comparison_lines(comparison(*of_one_cause(60)))
    assert lines[:2] == ["filter_run (iir): +6 instructions a sample, 60 cases", "60 measurements got worse"]
    assert lines[5].split() == ["+384", "filter_run", "(iir)"]
    assert lines[8:] == ["(57 more)"]
    assert sum("+384  filter_run (iir)" in line for line in lines) == 1
    assert (
        len([line for line in comparison_lines(comparison(*of_one_cause(60)), detailed=True) if "worse" in line]) == 61
    )


def test_names_are_one_line_each_and_printable() -> None:
    rows = [row("worse", 1, 2, name, parts=(PartChange(name, name, 1, 2),)) for name in HOSTILE]
    lines = comparison_lines(comparison(*rows, alerts=("a\nb\x1b[31m\u202e",)), detailed=True)
    assert all(line.isprintable() for line in lines)
    assert r"alert: a\nb\x1b[31m\u202e" in lines
