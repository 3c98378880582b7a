"""The checker on a RISC-V core: a sample of the planted faults of each way in which it looks, and that counts stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.counting.instrument import Check
from tests.emulator.absent import target_or_skip
from tests.memcheck.corpus import judge, planted
from tests.memcheck.test_memcheck import count_of

FAULTS = {fault.function: fault for fault in planted()}
# Of the heap, of what is on the stack, of the firmware on its behalf, of what belongs to others.
SAMPLE = ("running_sum", "freed_twice", "inner_pointer", "clear_whole_blocks", "patch_code")


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Check], Board]]:
    target = target_or_skip("rv32")
    pool = BoardPool(Path(tmp_path_factory.mktemp("logs")))
    try:
        yield lambda check: pool.board(target, mode=None, check=check)
    finally:
        pool.close()


def sample() -> Iterator[tuple[Check, str]]:
    frames = [fault.function for fault in FAULTS.values() if fault.module == "frames"]
    for name in (*SAMPLE, *frames):
        yield "memory", name
    for name in ("delayed", "total"):
        yield "unwritten", name
    yield "stress", "inner_pointer"


@pytest.mark.parametrize(("check", "name"), list(sample()))
def test_planted_fault(check: Check, name: str, boards: Callable[[Check], Board]) -> None:
    outcome = judge(boards(check), FAULTS[name])
    assert outcome.is_named, outcome.found
    assert outcome.false_alarm == ""


def test_counts_are_those_of_a_run_that_is_not_checked(tmp_path: Path) -> None:
    target = target_or_skip("rv32")
    pool = BoardPool(tmp_path)
    try:
        unchecked = count_of(pool.board(target, mode="count"))
        assert count_of(pool.board(target, mode="count", check="memory")) == unchecked
    finally:
        pool.close()
