"""A comparison on the terminal, and what all reports of one share."""

from __future__ import annotations

import pytest

from mpy_harness.measurements.comparison import PartChange
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.verdict import amount, changed, contributors, culprits, headline, percent, signed, tolerated
from tests.unit.comparison_data import HOSTILE, comparison, example, row


def test_headline_says_the_worst_first() -> None:
    assert headline(example()) == (
        "1 alert; 3 measurements got worse, 1 better, 41 the same, 1 added, 1 removed, "
        "1 measured under other conditions"
    )
    assert headline(comparison(row("same", 1, 1))) == "No measurement got worse, 1 the same"
    assert headline(comparison(row("worse", 1, 2))) == "1 measurement got worse"
    assert headline(comparison()) == "Nothing was measured"
    assert headline(comparison(alerts=("no measurements",))) == "1 alert; nothing was measured"


def test_largest_changes_come_first_whatever_their_direction() -> None:
    rows = changed(example())
    assert [each.verdict for each in rows] == ["worse", "worse", "worse", "removed", "unlike", "better", "added"]
    assert [each.measurement.metric for each in rows[:3]] == ["rodata", "instructions", "snr"]
    assert [each.measurement.case for each in tolerated(example())] == ["near"]


def test_from_zero_is_the_largest_change() -> None:
    rows = changed(comparison(row("worse", 10, 1000, "a"), row("worse", 0, 1, "b")))
    assert [each.measurement.case for each in rows] == ["b", "a"]


def test_contributors_are_those_of_the_change() -> None:
    worse = example().rows[0]
    assert [part.name for part in contributors(worse, 9)] == ["iir_run", "mp_obj_get_float"]
    assert [part.name for part in contributors(worse, 1)] == ["iir_run"]
    shrunk = row("better", 10, 5, parts=(PartChange("", "a", 9, 3), PartChange("", "b", 1, 2)))
    assert [part.name for part in contributors(shrunk, 9)] == ["a"]


def test_culprits_sum_up_what_many_rows_say() -> None:
    rows = [row("worse", 100, 150 + n, f"{n}", parts=(PartChange("iir", "run", 0, 50 + n),)) for n in range(3)]
    better = row("better", 100, 50, "b", parts=(PartChange("iir", "other", 60, 10),))
    (found,) = culprits(comparison(*rows, better, row("worse", 1, 2, "c")))
    assert str(found) == "run (iir): up to +52 instructions, in 3 measurements"


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
    assert lines[1] == "alert: m33 / filters/old / instructions: the case disappeared"
    assert lines[2].startswith("different: rv32: toolchain")
    assert lines[5].split() == ["worse", "iir", "m33", "rodata", "[bytes]", "2,048", "3,072", "+1,024", "+50.0%"]
    assert "near" not in text
    assert lines[6].split() == ["+1,024", "window_table", "(iir)"]
    assert "steady" not in text
    within = next(line for line in comparison_lines(example(), detailed=True) if "near" in line)
    assert within.startswith("within 0.5%")


def test_many_changes_are_cut_and_said() -> None:
    many = comparison(*(row("worse", 100, 200 + n, f"case{n}") for n in range(50)))
    assert comparison_lines(many)[-1] == "(26 more)"
    assert sum("worse " in line for line in comparison_lines(many, detailed=True)) == 50


def test_what_grew_is_said_once() -> None:
    rows = [row("worse", 100, 150 - n, f"{n}", parts=(PartChange("iir", "run", 0, 50 - n),)) for n in range(3)]
    lines = comparison_lines(comparison(*rows))
    assert [line.strip() for line in lines[4:6]] == ["+50  run (iir)", "and in 2 rows below"]
    assert len(lines) == 8
    assert sum("run (iir)" in line for line in comparison_lines(comparison(*rows), detailed=True)) == 3


def test_names_are_one_line_each_and_printable() -> None:
    rows = [row("worse", 1, 2, name, parts=(PartChange(name, name, 1, 2),)) for name in HOSTILE]
    lines = comparison_lines(comparison(*rows, alerts=("a\nb\x1b[31m\u202e",)), detailed=True)
    assert all(line.isprintable() for line in lines)
    assert lines[1] == r"alert: a\nb\x1b[31m\u202e"
