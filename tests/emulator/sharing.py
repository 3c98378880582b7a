"""One board for many tests, where booting one takes seconds: what the conftest.py of such a target is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.errors import HarnessError, ToolMissing
from mpy_harness.firmware.image import cached_firmware
from mpy_harness.targets import Target
from tests.emulator.leftovers import Leftovers

Boot = Callable[..., Board]


def startable(target: Target) -> Target:
    """Return a target; skips where what runs it is not there, with the command that gets it."""
    try:
        machines.kind_of(target).version()
    except ToolMissing as error:
        pytest.skip(f"what runs {target.name} is not there: {error}")
    return target


def published_image(target: Target) -> Path:
    """Return a target's published image; skips where it, or what runs it, is not there."""
    firmware = cached_firmware(startable(target), None)
    if firmware is None:
        pytest.skip(f"the firmware is not in the cache; fetch it: mpy-harness setup {target.name}")
    return firmware.elf


def patient(seconds: float = 120.0) -> dict[str, float]:
    """Return how long one call and a boot may take: the boards share two cores with the rest of the tests."""
    return {"timeout": seconds, "boot_seconds": seconds}


@contextmanager
def booting(target: Target, image: Path, folder: Path, **defaults: Any) -> Iterator[Boot]:
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


@pytest.fixture(scope="session")
def shared(boot: Boot) -> Board:
    return boot()


@pytest.fixture
def board(shared: Board) -> Board:
    return fresh(shared)
