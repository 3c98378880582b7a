"""What the cases share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from guarding import Guarded

from mpy_harness.board.board import Board
from mpy_harness.errors import CountingUnavailable
from mpy_harness.golden import Golden
from mpy_harness.reports.terminal import CASE
from mpy_harness.session import RECORDS
from mpy_harness.targets import Target


@pytest.fixture(params=["native", "python"])
def form(request: pytest.FixtureRequest) -> str:
    """Which form of a module runs: the native module or the same algorithm in Python."""
    return str(request.param)


@pytest.fixture
def guarded(board: Board) -> Guarded:
    """Calls with guard bytes around outputs."""
    return Guarded(board)


@pytest.fixture
def needs_ram(target: Target) -> Callable[[int], None]:
    """Skip a test where the target has less RAM, in bytes; one that does not say how much has enough."""

    def check(size: int) -> None:
        has = sum(memory.length for memory in target.memory if memory.kind == "ram")
        if 0 < has < size:
            pytest.skip(f"takes about {size >> 10} KB of RAM, {target.name} has {has >> 10} KB")

    return check


@pytest.fixture
def golden(golden: Golden, board: Board, request: pytest.FixtureRequest) -> Iterator[Golden]:
    """Checks of what a region of the guest computed: a case without instructions is a mistake in the case."""
    yield golden
    try:
        with board.count(listed=False):
            pass
    except CountingUnavailable:
        return
    cases = [json.loads(text) for kind, text in request.node.stash.get(RECORDS, []) if kind == CASE]
    uncounted = [case["case"] for case in cases if not case["instructions"]]
    assert not uncounted, f"no region was counted before the check of {', '.join(uncounted)}"


@pytest.fixture
def rounds_like_native(board: Board, form: str) -> bool:
    """Whether this form rounds to float32 after every operation: Python does where floats are float32."""
    return form == "native" or bool(board.eval("1.0 + 1e-9 == 1.0"))
