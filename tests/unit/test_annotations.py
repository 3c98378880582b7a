"""Workflow commands: read back as GitHub's runner reads them."""

from __future__ import annotations

import re

import pytest

from mpy_harness.measurements.comparison import PartChange
from mpy_harness.reports.annotations import MOST, annotation_lines
from mpy_harness.reports.names import printable
from tests.unit.comparison_data import HOSTILE, comparison, example, of_one_cause, row


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Return command, properties and data of a line the way the runner does (``ActionCommand.TryParseV2``)."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert match, line
    properties = dict(pair.split("=", 1) for pair in match[2].split(","))
    for code, letter in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        properties = {name: value.replace(code, letter) for name, value in properties.items()}
    data = match[3].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    return match[1], properties, data


def test_worse_rows_stand_on_their_tests() -> None:
    alert, iir, table, fft = (read(line) for line in annotation_lines(example()))
    assert alert == ("error", {"title": "mpy-harness"}, example().alerts[0])
    assert table[1] == {"title": "rodata [bytes] got worse"}
    assert iir[0] == "error"
    assert iir[1] == {"file": "cases/filters/test_iir.py", "line": "12", "title": "instructions got worse"}
    assert iir[2].splitlines() == [
        "iir_run (iir): +1,200 instructions, filters/iir[float]",
        "filters/iir[float] on m33: +1,200 (+10.0%), was 12,000, is 13,200",
    ]
    assert fft[2] == "transforms/fft[256] on m33: -6.25 dB (-6.5%), was 96.5, is 90.25"


@pytest.mark.parametrize("name", [*HOSTILE, "100%0A::warning::", "a,b:c=d"])
def test_hostile_names_stay_data(name: str) -> None:
    grew = (PartChange(name, name, 1, 2),)
    worse = row("worse", 1, 2, name, metric=name, target=name, unit=name[:40], file=f"tests/{name}", parts=grew)
    lines = annotation_lines(comparison(worse, alerts=(name,)))
    assert len(lines) == 2
    assert all("\n" not in line and "\r" not in line for line in lines)
    command, properties, data = read(lines[1])
    assert command == "error"
    assert set(properties) == {"file", "line", "title"}
    assert properties["file"] == f"tests/{name}"
    assert data.startswith(printable(name)[:20])
    assert read(lines[0])[2][:50] == printable(name)[:50]


def test_places_outside_of_the_repository_are_left_out() -> None:
    for file, line in (("/etc/passwd", 1), ("../x.py", 1), ("a/../../x.py", 1), ("", 1), ("x.py", 0)):
        (line_,) = annotation_lines(comparison(row("worse", 1, 2, file=file, line=line)))
        assert set(read(line_)[1]) == {"title"}


def test_more_than_are_shown_are_counted() -> None:
    lines = annotation_lines(comparison(*(row("worse", 10, 20 + n, f"case{n}") for n in range(25))))
    assert len(lines) == MOST
    assert read(lines[0])[2].startswith("case24 ")
    assert read(lines[-1])[2] == "16 more regressions: see the summary"
    assert len(annotation_lines(comparison(*(row("worse", 10, 20 + n, f"case{n}") for n in range(MOST))))) == MOST


def test_alerts_leave_room_for_lines() -> None:
    rows = [row("worse", 10, 20 + n, f"case{n}") for n in range(4)]
    lines = [read(line) for line in annotation_lines(comparison(*rows, alerts=("gone",) * 20))]
    assert [("line" in facts, data) for _, facts, data in lines][6:] == [
        *((True, f"case{n} on m33: +{10 + n} (+{100 + 10 * n}.0%), was 10, is {20 + n}") for n in (3, 2, 1)),
        (False, "15 more regressions: see the summary"),
    ]
    assert len(annotation_lines(comparison(*rows, alerts=("gone",) * 6))) == MOST


def test_a_cause_is_one_line() -> None:
    (line,) = (read(line) for line in annotation_lines(comparison(*of_one_cause(60))))
    assert line[2].splitlines()[0] == "filter_run (iir): +6 instructions a sample, 60 cases"


def test_what_cannot_be_judged_is_a_warning() -> None:
    found = comparison(row("unlike", 5, 6), renewal="pytest --measurements baselines/m33.json")
    ((command, facts, data),) = (read(line) for line in annotation_lines(found))
    assert (command, facts) == ("warning", {"title": "mpy-harness"})
    assert data.startswith("1 measurement changed under other conditions and cannot be judged\nThe baseline is out of")
    assert data.endswith("pytest --measurements baselines/m33.json")


def test_nothing_worse_says_nothing() -> None:
    assert annotation_lines(comparison(row("better", 2, 1), row("same", 1, 1, "b"))) == []
