"""What the cases share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from guarding import Guarded

from mpy_harness.board.board import Board
from mpy_harness.errors import CountingUnavailable
from mpy_harness.golden import Golden


@pytest.fixture(params=["native", "python"])
def form(request: pytest.FixtureRequest) -> str:
    """Which form of a module runs: the native module or the same algorithm in Python."""
    return str(request.param)


@pytest.fixture
def guarded(board: Board) -> Guarded:
    """Calls with guard bytes around outputs."""
    return Guarded(board)


@pytest.fixture
def needs_ram(board: Board) -> Callable[[int], None]:
    """Skip a test where the guest's heap has fewer bytes free."""

    def check(size: int) -> None:
        board.exec("import gc\ngc.collect()")
        free = board.eval("gc.mem_free()")
        if free < size:
            pytest.skip(f"takes about {size >> 10} KB of RAM, {board.target.name} has {free >> 10} KB free")

    return check


@pytest.fixture
def golden(golden: Golden, board: Board) -> Iterator[Golden]:
    """Checks of what a region of the guest computed: a case without instructions is a mistake in the case."""
    yield golden
    try:
        with board.count(listed=False):
            pass
    except CountingUnavailable:
        return
    uncounted = [result.case for result in golden.results if not result.instructions]
    assert not uncounted, f"no region was counted before the check of {', '.join(uncounted)}"


@pytest.fixture
def rounds_like_native(board: Board, form: str) -> bool:
    """Whether this form rounds to float32 after every operation: Python does where floats are float32."""
    return form == "native" or bool(board.eval("1.0 + 1e-9 == 1.0"))
