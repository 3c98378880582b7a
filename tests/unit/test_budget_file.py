"""Budgets in a file: which one is for a figure, what exceeds it, and how they are renewed."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mpy_harness.cli.app import application
from mpy_harness.errors import ConfigurationInvalid
from mpy_harness.measurements.budget_file import BudgetFile
from mpy_harness.measurements.run import Measurement, Run
from mpy_harness.reports.budget_table import budget_rows, excess_lines, summary

FILE = """\
# Reviewed with the code.
["filters/*"]
instructions = 2_000  # a block of 96 samples
snr = 60.0

["m0/filters/*"]
instructions = 9000

["natmods/*"]
ram = "4 KiB"

["nothing/*"]
instructions = 1
"""


def measured(case: str, metric: str, value: float, target: str = "m33", better: str = "lower") -> Measurement:
    return Measurement.model_validate(
        {"target": target, "case": case, "metric": metric, "value": value, "better": better}
    )


def run_of(*measurements: Measurement) -> Run:
    return Run(created=datetime(2026, 1, 1, tzinfo=timezone.utc), measurements=measurements)


RUN = run_of(
    measured("filters/fir", "instructions", 1500),
    measured("filters/iir", "instructions", 2100),
    measured("filters/iir", "snr", 59.0, better="higher"),
    measured("filters/iir", "instructions", 8000, target="m0"),
    measured("natmods/fir", "ram", 1024),
    measured("trees/digits", "instructions", 10**9),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "budgets.toml").write_text(FILE)
    return tmp_path / "budgets.toml"


def test_the_last_glob_that_fits_is_the_budget(file: Path) -> None:
    budgets = BudgetFile.read(file)
    uses = budgets.uses(RUN)
    assert [(use.budget.glob, use.budget.metric, len(use.measurements)) for use in uses] == [
        ("filters/*", "instructions", 2),
        ("filters/*", "snr", 1),
        ("m0/filters/*", "instructions", 1),
        ("natmods/*", "ram", 1),
    ]
    assert uses[3].budget.limit == 4096
    assert uses[3].share == 0.25


def test_what_exceeds_is_told_in_its_own_direction(file: Path) -> None:
    budgets = BudgetFile.read(file)
    uses = budgets.uses(RUN)
    assert excess_lines(uses) == [
        "filters/iir on m33: instructions 2,100, at most 2,000 are allowed for filters/* (100 more, 5.0%)",
        "filters/iir on m33: snr 59, at least 60 are allowed for filters/* (1 less, 1.7%)",
    ]
    assert summary(budgets, uses) == "4 budgets, 2 exceeded; nothing was measured for 1 other"
    assert "filters/iir on m33" in budget_rows(uses)[1]


def test_many_cases_of_one_budget_are_folded(file: Path) -> None:
    many = run_of(*(measured(f"filters/{number}", "instructions", 3000 + number) for number in range(20)))
    lines = excess_lines(BudgetFile.read(file).uses(many))
    assert lines[0].startswith("filters/19 on m33: instructions 3,019")
    assert lines[5:] == ["(15 more of filters/*)"]


def test_renewed_are_the_numbers_alone(file: Path) -> None:
    budgets = BudgetFile.read(file)
    assert budgets.renew(RUN, Fraction(1, 10)) == 4
    budgets.write()
    changed = {"2_000 ": "2310 ", "60.0": "53.1", "9000": "8800", '"4 KiB"': "1130"}
    expected = FILE
    for old, new in changed.items():
        expected = expected.replace(old, new)
    assert file.read_text() == expected
    again = BudgetFile.read(file)
    assert not excess_lines(again.uses(RUN))
    assert again.renew(RUN, Fraction(1, 10)) == 0


@pytest.mark.parametrize("value", [0, 1, 7, 999, 12345, 10**15 + 1, 0.0, 1e-9, 0.123456, -3.25, 1e300])
@pytest.mark.parametrize("better", ["lower", "higher"])
def test_room_never_excludes_what_was_measured(value: float, better: str, tmp_path: Path) -> None:
    run = run_of(measured("a", "instructions", value, better=better))
    budgets = BudgetFile.of(tmp_path / "budgets.toml", run)
    for room in (Fraction(0), Fraction(1, 20), Fraction(10)):
        budgets.renew(run, room)
        budgets.write()
        (use,) = BudgetFile.read(budgets.file).uses(run)
        assert not use.exceeding


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = [", "budgets.toml: "),
        ("instructions = 5", "instructions: a table for a glob"),
        ("[a]\nram = '4 apples'", "a: ram: '4 apples' is no number of bytes"),
        ("[a]\nram = true", "a: ram wants a number"),
        ("[a.b]\nram = 1", "a: b wants a number"),
        ("[a]\nram = nan", "a: ram wants a number"),
        ("a = " + "[" * 100_000, "budgets.toml"),
        ("\x00", "budgets.toml"),
    ],
)
def test_a_file_that_is_wrong_says_where(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationInvalid) as caught:
        BudgetFile.read(file)
    assert message in str(caught.value)


def test_the_command_makes_checks_and_renews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    RUN.write(tmp_path / "run.json")

    def budgets(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(application(), ["budgets", "run.json", *arguments])
        return result.exit_code, result.output

    with pytest.raises(ConfigurationInvalid, match="mpy-harness budgets RUN --renew"):
        CliRunner().invoke(application(), ["budgets", "run.json"], catch_exceptions=False)
    status, said = budgets("--renew")
    assert (status, said) == (0, f"4 budgets written to {tmp_path / 'budgets.toml'}\n")
    assert budgets()[0] == 0
    file = tmp_path / "budgets.toml"
    file.write_text(file.read_text().replace("1130", "1000"))
    status, said = budgets()
    assert status == 1
    assert "natmods/fir on m33: ram 1,024, at most 1,000 are allowed" in said
    (use,) = (each for each in json.loads(budgets("--json")[1]) if each["metric"] == "ram")
    assert (use["limit"], use["measurements"][0]["exceeded"]) == (1000, True)
    assert budgets("--renew", "--room", "0")[0] == 0
    assert "ram = 1030" in file.read_text()


# --- time on parts ------------------------------------------------------------------------------

TIMES = '["filters/*"]\ntime = { rp2040 = "2ms", rp2350 = "500us" }  # of a block\n'


def timed(*micros: float, part: str = "rp2040") -> Run:
    return run_of(*(measured(f"filters/{at}", f"time/{part}", value) for at, value in enumerate(micros)))


def test_time_has_a_limit_for_each_part(tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text(TIMES)
    budgets = BudgetFile.read(file)
    assert [(each.metric, each.limit) for each in budgets.budgets] == [("time/rp2040", 2000), ("time/rp2350", 500)]
    (use,) = budgets.uses(timed(1999.9, 2000.5))
    assert [each.value for each in use.exceeding] == [2000.5]
    assert "filters/1 on m33: time/rp2040" in excess_lines([use])[0]
    assert budgets.uses(timed(5, part="stm32f405")) == []


def test_times_are_renewed_and_written(tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text(TIMES)
    budgets = BudgetFile.read(file)
    assert budgets.renew(timed(1000.2, 300), Fraction(1, 10)) == 1
    budgets.write()
    assert file.read_text() == TIMES.replace("2ms", "1110us")
    new = BudgetFile.of(tmp_path / "new.toml", run_of(*timed(7.5, 3).measurements, measured("a", "instructions", 5)))
    new.write()
    again = BudgetFile.read(new.file)
    assert {(each.glob, each.metric, each.limit) for each in again.budgets} == {
        ("filters/0", "time/rp2040", 7.5), ("filters/1", "time/rp2040", 3), ("a", "instructions", 5),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('time = "20ms"', r"time is of parts: time = \{ rp2040"),
        ("time = 5", "time is of parts"),
        ("time = { rp2040 = 5 }", r"time\.rp2040 wants a time, such as"),
        ('time = { rp2040 = "fast" }', r"time\.rp2040 wants a time, such as"),
    ],
)
def test_times_that_make_no_sense(line: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "budgets.toml").write_text(f'["a"]\n{line}\n')
    with pytest.raises(ConfigurationInvalid, match=message):
        BudgetFile.read(tmp_path / "budgets.toml")
