"""Regions from the marks that an emulator saw (Renode), by the rules of the plugin (counting/plugin_c/region.c)."""

from __future__ import annotations

import pytest

from mpy_harness.architectures.marks import Mark
from mpy_harness.counting.marks import Regions
from mpy_harness.counting.plugin_lines import Record, parse

BEGIN, END, ALL, NAMED = b"\1", b"\x0b", b"\3", b"\2a"
PAUSE, RESUME, STOP = Mark.PAUSE, Mark.RESUME, Mark.STOP
BIT = Mark.ONE
#: What an empty region comes to is taken off: the mark that ends a request lies behind its name, which is left out.
MARK = {"request": 1, "with": 0, "end": 0}
Step = bytes | Mark | int


def records(*steps: Step) -> list[Record]:
    """Execute names with their start, marks, and numbers of other instructions."""
    regions, before = Regions(), 0
    lines: list[str] = []
    for step in steps:
        if isinstance(step, bytes):
            bits = [Mark.ONE if byte >> at & 1 else Mark.ZERO for byte in step for at in range(7, -1, -1)]
            marks = [*bits, Mark.START]
        elif isinstance(step, Mark):
            marks = [step]
        else:
            before, marks = before + step, []
        for mark in marks:
            lines += regions.executed(mark, before)
            before += 1
    return list(parse("".join(lines).encode()))


def told(*steps: Step) -> list[tuple[str, int, str | None]]:
    return [(record.kind, record.instructions + MARK[record.kind], record.doubt) for record in records(*steps)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((BEGIN, 10, END), [("request", 10, None)]),
        ((BEGIN, 10, PAUSE, 100, RESUME, 5, END), [("request", 15, None)]),
        ((BEGIN, 10, PAUSE, 100, END), [("request", 11, "pause")]),
        ((BEGIN, 10, PAUSE, PAUSE, 100, RESUME, 5, END), [("request", 11, "pause")]),
        ((PAUSE, BEGIN, 10, END), [("request", 10, None)]),
        ((BEGIN, NAMED, 7, PAUSE, STOP, RESUME, END), [("with", 7, "pause"), ("request", 7, None)]),
        ((BEGIN, 10, END, 100, END), [("request", 10, None), ("end", 0, "end")]),
        ((BEGIN, 10, END, 100, BIT, END), [("request", 10, None), ("end", 0, "end")]),
        ((BEGIN, 10, END, 100, BEGIN, 5, END), [("request", 10, None), ("request", 5, None)]),
        ((BEGIN, 10, ALL, 100, END), [("request", 10, None), ("end", 0, "end")]),
        ((BEGIN, 10, END, ALL, ALL), [("request", 10, None)]),
        ((BEGIN, 10, BEGIN, 5, END), [("request", 10, "begin"), ("request", 5, None)]),
    ],
)
def test_regions(steps: tuple[Step, ...], expected: list[tuple[str, int, str | None]]) -> None:
    assert told(*steps) == expected


def test_what_is_not_exact_says_why() -> None:
    for steps in ((BEGIN, PAUSE, END), (BEGIN, END, END), (BEGIN, BEGIN, END)):
        for record in records(*steps):
            assert record.exact == (record.doubt is None)
