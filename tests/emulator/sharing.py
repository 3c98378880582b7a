"""One board for many tests, where booting one takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mpy_harness.board import Board
from mpy_harness.errors import HarnessError
from mpy_harness.targets import Target
from tests.emulator.leftovers import Leftovers


@contextmanager
def booting(target: Target, image: Path, folder: Path, **defaults: Any) -> Iterator[Callable[..., Board]]:
    """Give what boots boards of an image, or of another; keyword arguments are Board's. In the end nothing is left."""
    boards: list[Board] = []
    # Of these boards alone: in the same process, boards of other tests live longer.
    mine = Leftovers(frozenset(), frozenset())

    def make(image: Path = image, **options: Any) -> Board:
        nonlocal mine
        before = Leftovers()
        boards.append(Board(target, image, folder / f"console-{len(boards)}.log", **(defaults | options)))
        mine |= Leftovers() - before
        return boards[-1]

    yield make
    for board in boards:
        board.close()
    mine.check_gone()


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
