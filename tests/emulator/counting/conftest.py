"""Boards that count: one emulator for each mode and process, a fresh life of it for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.counting.guest_time import GuestTime
from mpy_harness.counting.instrument import Mode
from mpy_harness.targets import Target

Counting = Callable[..., Board]


@pytest.fixture(scope="session")
def shared_boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardPool]:
    boards = BoardPool(tmp_path_factory.mktemp("counting"))
    yield boards
    boards.close()


@pytest.fixture
def counting(shared_boards: BoardPool, m33: Target) -> Counting:
    """Return a board that counts in a mode, as after a reset."""

    def board(mode: Mode, guest_time: GuestTime | None = None) -> Board:
        fresh = shared_boards.board(m33, mode=mode, guest_time=guest_time)
        fresh.counts.clear()
        return fresh

    return board


@pytest.fixture
def counter(counting: Counting) -> Board:
    """A board in the mode "count", as after a reset."""
    return counting("count")


@pytest.fixture
def boot(nothing_left: None, m33: Target, tmp_path: Path) -> Iterator[Counting]:
    """Boot boards of the test's own that count in a mode."""
    pools: list[BoardPool] = []

    def start(mode: Mode = "count", target: Target = m33) -> Board:
        pools.append(BoardPool(tmp_path, label=f"-{len(pools)}"))
        return pools[-1].board(target, mode=mode)

    yield start
    for boards in pools:
        boards.close()
