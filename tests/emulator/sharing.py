"""One board for many tests, where booting one takes seconds."""

from __future__ import annotations

from mpy_harness.board import Board
from mpy_harness.errors import HarnessError


def fresh(board: Board) -> Board:
    """Return the board as after a reset: booted anew only where a test broke it."""
    if board.usable:
        try:
            board.soft_reset()
        except HarnessError:
            board.hard_reset()
    else:
        board.hard_reset()
    return board
