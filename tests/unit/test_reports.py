"""The tables that end a pytest run."""

from __future__ import annotations

import json
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from mpy_harness.golden import CaseResult
from mpy_harness.reports import terminal
from mpy_harness.reports.terminal import CASE, NATMOD, Results


def case(name: str, value: float = 0.5, limit: float = 1.0, **more: Any) -> CaseResult:
    facts = {"target": "m33", "arch": "armv7emsp", "case": name, "form": "native", "metric": "max_abs",
             "value": value, "unit": "", "better": "lower", "limit": limit, "margin": limit - value,
             "passed": value <= limit}  # fmt: skip
    return CaseResult(**(facts | more))


def report(when: str, *results: CaseResult, modules: tuple[str, ...] = ()) -> SimpleNamespace:
    properties: list[tuple[str, object]] = [(CASE, json.dumps(asdict(result))) for result in results]
    properties += [(NATMOD, json.dumps({"name": name, "arch": "armv7emsp", "sizes": {"text": 10}})) for name in modules]
    return SimpleNamespace(when=when, user_properties=[*properties, ("anybody's", 3), (CASE, None)])


class Screen:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def section(self, title: str, sep: str = "=", **_: bool) -> None:
        self.lines.append(f"{sep} {title}")

    def write_line(self, line: str | bytes, **_: bool) -> None:
        self.lines.append(str(line))


def test_each_test_counts_once():
    one, two = case("a/one"), case("a/two")
    stats = {
        "": [report("setup"), report("teardown", one), SimpleNamespace()],
        "passed": [report("call", one)],
        "failed": [report("call", two, modules=("iir",))],
        "error": [report("teardown", two, modules=("iir",))],
        "warnings": ["anything"],
    }
    found = Results.of(stats)
    assert found.cases == [one, two]
    assert found.modules == {("iir", "armv7emsp"): {"text": 10}}


def test_nothing_recorded_nothing_shown():
    screen = Screen()
    terminal.show(Results(), screen, detailed=True)
    assert screen.lines == []


def test_few_cases_have_a_row_each():
    lines = terminal.case_table([case("iir/a"), case("iir/b", 2.0), case("iir/b", 0.1)], detailed=False)
    assert len(lines) == 3
    assert lines[1].split() == ["iir/a", "m33", "native", "1", "max_abs", "0.5", "≤", "1", "0.5"]
    assert "1 of 2" in lines[2]
    assert lines[2].endswith("FAILED")


@pytest.mark.parametrize("detailed", [False, True])
def test_many_cases_are_summed_up_unless_asked_for(detailed):
    rows = [case(f"iir/{number}", number / 100) for number in range(60)] + [case("fft/x", 0.999)]
    rows.append(case("trees/y", 70.0, 60.0, metric="snr_db", unit="dB", better="higher", margin=10.0, passed=True))
    lines = terminal.case_table(rows, detailed=detailed)
    assert len(lines) == (63 if detailed else 4)
    if not detailed:
        iir = next(line for line in lines if line.startswith("iir"))
        assert "60" in iir
        assert " 59 " in iir  # the check closest to its limit
        assert "≥ 60 dB" in next(line for line in lines if line.startswith("trees"))


def test_a_failed_check_is_shown_before_a_closer_one():
    rows = [case(f"iir/{number}") for number in range(30)]
    rows += [case("iir/close", 0.9999), case("iir/bad", 1.5), case("iir/nan", float("nan"), passed=False)]
    (line,) = terminal.case_table(rows, detailed=False)[1:]
    assert "31 of 33" in line
    assert line.endswith("FAILED")


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
    sizes = {"file": 1000, "text": 800, "rodata": 0, "bss": 4, "got": 2}
    lines = terminal.module_table({("fft", "armv7m"): sizes, ("a", "armv7m"): {}})
    assert lines[0].split() == ["module", "arch", "file", "B", "text", "B", "rodata", "B", "bss", "B", "GOT"]
    assert lines[1].split() == ["a", "armv7m", "0", "0", "0", "0", "0"]
    assert lines[2].split() == ["fft", "armv7m", "1000", "800", "0", "4", "2"]


def test_columns_stand_below_each_other():
    assert terminal.aligned([["name", "value", ""], ["a", "1", ""], ["longer", "100", ""]]) == [
        "name    value",
        "a           1",
        "longer    100",
    ]
