"""What the README shows of the demo is what the committed baseline has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mpy_harness.measurements.run import read_run

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
FORMS = ("python", "@native", "fixed", "asm", "native")  # as the columns of the README's table


@pytest.fixture(scope="module")
def figures() -> dict[tuple[str, str], float]:
    run = read_run(REPOSITORY / "baselines" / "m33.json")
    return {(each.case, each.metric): each.value for each in run.measurements}


def test_the_rows_of_the_demo(figures: dict[tuple[str, str], float]) -> None:
    rows = re.findall(r"^(\w+/\S+) +(\S+) +\d+  .* ([\d,]+) +[\d,.]+$", README, re.MULTILINE)
    assert len(rows) >= 15
    for case, form, instructions in rows:
        key = (f"{case} ({form})", "instructions")
        if key in figures:  # a check that has instructions of its own; others are parts of a larger one
            assert int(instructions.replace(",", "")) == figures[key], key
    assert sum((f"{case} ({form})", "instructions") in figures for case, form, _ in rows) >= 10


def test_one_filter_in_every_form(figures: dict[tuple[str, str], float]) -> None:
    (row,) = re.findall(r"^\| ([\d,]+) instructions a sample \| (.*) \|$", README, re.MULTILINE)
    shown = [int(number.replace(",", "")) for number in (row[0], *row[1].split(" | "))]
    samples = 512
    measured = [figures[f"iir_forms/a_weighting ({form})", "instructions"] / samples for form in FORMS]
    assert shown == [round(each) for each in measured]


def test_the_native_modules(figures: dict[tuple[str, str], float]) -> None:
    rows = re.findall(r"^(\w+) +armv7emsp +(\d+) ", README, re.MULTILINE)
    assert len(rows) == 5
    for name, file in rows:
        assert int(file) == figures[f"natmods/{name}", "file"]
