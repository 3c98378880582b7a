"""Comparisons and runs as CSV: exact, whole, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest

from mpy_harness.measurements.comparison import PartChange
from mpy_harness.reports.csv import cell, comparison_csv, run_csv
from tests.unit.comparison_data import HOSTILE, comparison, example, measurement, row, run


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_all_rows_changed_ones_first() -> None:
    rows = read(comparison_csv(example()))
    assert len(rows) == len(example().rows)
    assert rows[0] == {
        "verdict": "worse", "target": "m33", "case": "iir", "metric": "rodata", "unit": "bytes", "better": "lower",
        "base": "2048", "head": "3072", "change": "1024", "percent": "50.0", "within": "",
        "parts": "iir:window_table +1024", "file": "", "line": "",
    }  # fmt: skip
    assert rows[3]["head"] == rows[3]["percent"] == ""
    assert {each["verdict"] for each in rows[7:]} == {"same"}


def test_numbers_are_exact_and_negative_ones_numbers() -> None:
    rows = read(
        comparison_csv(comparison(row("better", 2**62 + 1, 2**62), row("worse", 0.1, 0.30000000000000004, "b")))
    )
    assert {each["head"] for each in rows} == {str(2**62), "0.30000000000000004"}
    assert "-1" in {each["change"] for each in rows}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_of_text_is_a_formula(name: str) -> None:
    worse = row(
        "worse", 1, 2, name, metric=name, target=name, unit=name[:40], file=name, parts=(PartChange(name, name, 1, 2),)
    )
    for text in (comparison_csv(comparison(worse)), run_csv(run(measurement(1, name, metric=name, file=name)))):
        rows = read(text)
        assert len(rows) == 1
        for column in ("target", "case", "metric", "unit", "file", "parts"):
            value = rows[0].get(column) or ""
            assert value[:1] not in set("=+-@\t\r\n")
            assert value.isprintable()


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", " =1", "＝1", "'=1", '"=1', "\t=1"])
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert cell(text)[0] in "'\\"


def test_other_text_stays() -> None:
    assert [cell(text) for text in ("", "a=b", "filters/iir[float]", "x, \"y\"")] == [
        "", "a=b", "filters/iir[float]", 'x, "y"',
    ]  # fmt: skip
