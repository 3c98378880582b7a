"""Every planted fault is named with its function and line, and no mended twin is reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.board import Board
from tests.memcheck.corpus import UNWRITTEN, Planted, judge, planted, table

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "memcheck.md"

FAULTS = list(planted())


def test_it_is_large_enough() -> None:
    assert len(FAULTS) >= 60
    assert len({(fault.module, fault.function) for fault in FAULTS}) == len(FAULTS)


def test_the_guide_has_its_table() -> None:
    assert table() in GUIDE.read_text(encoding="utf-8")


def parameters() -> Iterator[Any]:
    for fault in FAULTS:
        marks = pytest.mark.memcheck(unwritten=fault.kind == UNWRITTEN)
        yield pytest.param(fault, id=f"{fault.module}-{fault.function}", marks=marks)


@pytest.mark.counting("off")
@pytest.mark.parametrize("fault", list(parameters()))
def test_planted_fault(fault: Planted, board: Board) -> None:
    outcome = judge(board, fault)
    assert outcome.found, "nothing was found"
    assert outcome.is_named, outcome.found
    assert outcome.false_alarm == ""
