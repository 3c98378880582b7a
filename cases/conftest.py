"""What the cases share."""

from __future__ import annotations

import pytest
from guarding import Guarded

from mpy_harness.board.board import Board


@pytest.fixture(params=["native", "python"])
def form(request: pytest.FixtureRequest) -> str:
    """Which form of a module runs: the native module or the same algorithm in Python."""
    return str(request.param)


@pytest.fixture
def guarded(board: Board) -> Guarded:
    """Calls with guard bytes around outputs."""
    return Guarded(board)


@pytest.fixture
def rounds_like_native(board: Board, form: str) -> bool:
    """Whether this form rounds to float32 after every operation: Python does where floats are float32."""
    return form == "native" or bool(board.eval("1.0 + 1e-9 == 1.0"))
