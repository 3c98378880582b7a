"""The tables that end a pytest run."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from mpy_harness.golden import CaseResult
from mpy_harness.measurements.carried import Carried, NativeModule, Region
from mpy_harness.reports import terminal
from mpy_harness.reports.table import aligned, page_of


def case(name: str, value: float = 0.5, limit: float = 1.0, **more: Any) -> CaseResult:
    facts: dict[str, Any] = {"target": "m33", "arch": "armv7emsp", "case": name, "form": "native", "metric": "max_abs",
             "value": value, "unit": "", "better": "lower", "limit": limit, "margin": limit - value,
             "passed": value <= limit}  # fmt: skip
    return CaseResult(**(facts | more))


def module(name: str, **sizes: int) -> NativeModule:
    return NativeModule(name=name, arch="armv7m", sha256="0" * 64, sizes=sizes)


def report(**carried: Any) -> SimpleNamespace:
    made = SimpleNamespace()
    Carried(**carried).attach(made)
    return made


class Screen:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def section(self, title: str, sep: str = "=", **_: bool) -> None:
        self.lines.append(f"{sep} {title}")

    def write_line(self, line: str | bytes, **_: bool) -> None:
        self.lines.append(str(line))


def test_each_test_counts_once():
    one, two = case("a/one"), case("a/two")
    iir = module("iir", text=10)
    found = Carried.of_all([SimpleNamespace(), report(cases=[one]), "a warning", report(cases=[two], modules=[iir])])
    assert found == Carried(cases=[one, two], modules=[iir])


def test_any_error_crosses_processes():
    rows = [case(str(value), value) for value in (float("inf"), float("-inf"), 1e-300)]
    assert Carried.of(report(cases=rows)).cases == rows
    (found,) = Carried.of(report(cases=[case("nan", float("nan"))])).cases
    assert math.isnan(found.value)


def test_nothing_recorded_nothing_shown():
    screen = Screen()
    terminal.show(Carried(), screen, detailed=True)
    assert screen.lines == []


def test_few_cases_have_a_row_each():
    lines = terminal.case_table([case("iir/a"), case("iir/b", 2.0), case("iir/b", 0.1)], detailed=False)
    assert len(lines) == 3
    assert lines[1].split() == ["iir/a", "native", "max_abs", "0.5", "≤", "1", "0.5"]
    assert "1 of 2" in lines[2]
    assert lines[2].endswith("FAILED")


@pytest.mark.parametrize("detailed", [False, True])
def test_many_cases_are_summed_up_unless_asked_for(detailed):
    rows = [case(f"iir/{number}", number / 100) for number in range(60)] + [case("fft/x", 0.999)]
    rows.append(case("trees/y", 70.0, 60.0, metric="snr_db", unit="dB", better="higher", margin=10.0, passed=True))
    lines = terminal.case_table(rows, detailed=detailed)
    assert len(lines) == (63 if detailed else 4)
    if not detailed:
        assert lines[0].startswith("closest to its limit on m33")
        iir = next(line for line in lines if line.startswith("iir"))
        assert iir.split()[:3] == ["iir/59", "native", "60"]
        assert "snr_db dB" in next(line for line in lines if line.startswith("trees"))


@pytest.mark.parametrize("order", [1, -1])
def test_of_equally_close_cases_the_first_by_name_is_shown(order):
    rows = [case(f"iir/{number:02}", 1.0) for number in range(40)][::order]
    (line,) = terminal.case_table(rows, detailed=False)[1:]
    assert line.startswith("iir/00 ")


def test_a_failed_check_is_shown_before_a_closer_one():
    rows = [case(f"iir/{number}") for number in range(30)]
    rows += [case("iir/close", 0.9999), case("iir/bad", 1.5), case("iir/nan", float("nan"), passed=False)]
    (line,) = terminal.case_table(rows, detailed=False)[1:]
    assert "31 of 33" in line
    assert line.endswith("FAILED")


def column(lines: list[str], name: str) -> list[str]:
    """Return a column that is as wide as its headline."""
    start = lines[0].index(name)
    return [line[start : start + len(name)].strip() for line in lines[1:]]


def test_instructions_of_cases():
    rows = [
        case("iir/a", instructions=26_435_124, values=2048),
        case("iir/b", instructions=1000, values=3),
        case("iir/c"),
        case("iir/d", instructions=7, values=0),
    ]
    lines = terminal.case_table(rows, detailed=False)
    assert column(lines, "instructions") == ["26,435,124", "1,000", "", "7"]
    assert column(lines, "per value") == ["12,907.8", "333.3", "", ""]


def test_a_run_without_counting_has_no_columns_for_it():
    assert "instructions" not in terminal.case_table([case("a")], detailed=False)[0]


def test_more_than_one_target_has_a_column():
    rows = [case("iir/a"), case("iir/a", target="rv32")]
    lines = terminal.case_table(rows, detailed=False)
    assert [line.split()[:2] for line in lines] == [["case", "target"], ["iir/a", "m33"], ["iir/a", "rv32"]]
    assert terminal.case_table(rows[1:], detailed=False)[0].startswith("case on rv32  ")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.2345e-6, "1.23e-6"), (1.5e-300, "1.5e-300"), (1e20, "1e20"), (1e10, "1e10"), (-2.5e-5, "-2.5e-5"),
        (0.0, "0"), (123.456, "123"), (float("inf"), "inf"), (float("nan"), "nan"),
    ],
)  # fmt: skip
def test_numbers_are_short(number, text):
    (line,) = terminal.case_table([case("a", number, limit=2e20, passed=True)], detailed=True)[1:]
    assert line.split()[3] == text


def test_the_cases_of_this_project_fit_120_columns():
    rows = [
        case("arrayutils/int16_to_float/full_scale/gain", 1.2345e-7, 1.2345e-6, form="@native", margin=6.8567e-7,
             instructions=126_648_192, values=540, metric="probability"),
        case("iir/a_weighting/gain", 0.00020945, 0.0021945, metric="gain", unit="dB", margin=0.0019845),
    ]  # fmt: skip
    assert max(map(len, terminal.case_table(rows, detailed=True))) <= 120


def count(name: str, instructions: int, test: str = "test_it", target: str = "m33") -> Region:
    return Region(test=test, target=target, name=name, instructions=instructions)


def test_counted_regions():
    lines = terminal.region_table([count("block", 1234567), count("other", 8, test="test_two")], detailed=False)
    assert [line.split() for line in lines] == [
        ["region", "on", "m33", "test", "instructions"],
        ["block", "test_it", "1,234,567"],
        ["other", "test_two", "8"],
    ]
    assert column(lines, "instructions") == ["1,234,567", "8"]
    lines = terminal.region_table([count("block", 1), count("block", 1, target="rv32")], detailed=False)
    assert lines[0].split() == ["region", "test", "target", "instructions"]
    assert lines[2].split() == ["block", "test_it", "rv32", "1"]


def test_many_regions_are_cut_unless_asked_for():
    rows = [count(f"r{number}", number) for number in range(30)]
    lines = terminal.region_table(rows, detailed=False)
    assert len(lines) == 1 + 24 + 1
    assert lines[-1] == "(6 more: -v shows all)"
    assert len(terminal.region_table(rows, detailed=True)) == 31


def test_regions_of_one_name_are_summed_up_unless_each_is_asked_for():
    rows = [count("block", 5), count("it", 1), count("block", 6), count("block", 7, test="test_two")]
    lines = terminal.region_table(rows, detailed=False)
    assert lines[0].split()[3:] == ["test", "times", "instructions"]
    assert [line.split() for line in lines[1:]] == [
        ["block", "test_it", "2", "11"],
        ["it", "test_it", "1"],
        ["block", "test_two", "7"],
    ]
    assert column(terminal.region_table(rows, detailed=True), "instructions") == ["5", "1", "6", "7"]


def test_names_of_regions_stay_on_their_line():
    lines = terminal.region_table([count("a\nb\x1b[31m", 1), count("x" * 5000, 2)], detailed=False)
    assert len(lines) == 3
    assert lines[1].startswith("a\\nb\\x1b[31m ")
    assert max(map(len, lines)) < 80


def test_counts_cross_processes_in_reports():
    found = Carried.of(report(regions=[count("block", 5)]))
    assert found.regions == [count("block", 5)]
    screen = Screen()
    terminal.show(found, screen, detailed=False)
    assert screen.lines[0] == "- instructions"
    assert len(screen.lines) == 3


@pytest.mark.parametrize(
    "row",
    [
        case("a", float("nan"), passed=False, margin=float("nan")),
        case("a", float("inf"), passed=False, margin=float("-inf")),
        case("a", 0.0, 0.0),
        case("a", float("inf"), float("inf"), better="higher", margin=0.0, passed=True),
        case("a", 1e-300, 1e300),
    ],
)
def test_any_value_can_be_shown(row):
    assert len(terminal.case_table([row] * 30, detailed=False)) == 2
    assert len(terminal.case_table([row], detailed=True)) == 2


def test_modules():
    fft = module("fft", file=1000, text=800, rodata=0, bss=4, got=2)
    lines = terminal.module_table([fft, module("a"), fft])
    assert len(lines) == 3
    assert lines[0].split() == ["module", "arch", "file", "B", "text", "B", "rodata", "B", "bss", "B", "GOT"]
    assert lines[1].split() == ["a", "armv7m", "0", "0", "0", "0", "0"]
    assert lines[2].split() == ["fft", "armv7m", "1000", "800", "0", "4", "2"]


def test_columns_stand_below_each_other():
    assert aligned([["name", "value", ""], ["a", "1", ""], ["longer", "100", ""]]) == [
        "name    value",
        "a           1",
        "longer    100",
    ]


def test_characters_that_are_two_columns_wide():
    rows = [["name", "of", "n"], ["a" * 40, "b" * 20, "1,234"]]
    with page_of(40):
        (_, line) = aligned(rows)
    assert line == f"{'a' * 14}…  {'b' * 15}…  1,234"
    with page_of(10):  # numbers are not cut
        assert aligned(rows)[1].endswith("  1,234")
    assert len(aligned(rows)[1]) == 69
    assert aligned([["name", "value"], ["濾波器", "1"], ["iir", "2"]]) == [
        "name    value",
        "濾波器      1",
        "iir         2",
    ]
