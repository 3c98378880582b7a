"""Boards on the desk for the tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.asked import asked
from mpy_harness.firmware.image import Firmware, firmware_for
from mpy_harness.targets import load_target
from tests.emulator.serial.desk import Desk

#: With a file system, boot.py and main.py.
WITH_FILES = Path(__file__).parent / "flash-m33"


def command(firmware: Firmware) -> list[str | Path]:
    """Return what starts the board; without -no-reboot, a reset starts it again."""
    qemu = shutil.which("qemu-system-arm") or "qemu-system-arm"
    return [
        qemu, "-machine", "mps2-an505", "-kernel", firmware.elf, "-display", "none", "-monitor", "none",
        "-serial", "stdio",
    ]  # fmt: skip


@pytest.fixture
def desk(nothing_left: None, firmware: Firmware, tmp_path: Path) -> Iterator[Desk]:
    """A board without files of its own."""
    board = Desk(command(firmware), tmp_path)
    yield board
    board.close()


@pytest.fixture(scope="module")
def desk_with_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A board with files, which outlive its resets."""
    board = Desk(command(firmware_for(load_target(str(WITH_FILES)))), tmp_path_factory.mktemp("desk"))
    yield board
    board.close()


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[..., Board]]:
    """Connect with a board; keyword arguments are Board's."""
    boards: list[Board] = []

    def connected(desk: Desk, timeout: float = 30.0) -> Board:
        target = asked(load_target(desk.target))
        said = firmware_for(target).elf
        boards.append(Board(target, said, tmp_path / f"console-{len(boards)}.log", timeout=timeout))
        return boards[-1]

    yield connected
    for board in boards:
        board.close()
