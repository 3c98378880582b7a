"""What the cases share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mpy_harness.board.board import Board
from mpy_harness.errors import CountingUnavailable
from mpy_harness.golden import Golden


@pytest.fixture(params=["native", "python"])
def form(request: pytest.FixtureRequest) -> str:
    """Which form of a module runs: the native module or the same algorithm in Python."""
    return str(request.param)


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
