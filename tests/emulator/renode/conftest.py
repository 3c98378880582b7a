"""Boards in Renode; skipped with the command that gets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.errors import ToolMissing
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.progress import Silent
from mpy_harness.targets import Target, load_target
from tests.emulator.sharing import booting, fresh

PATIENCE = 60.0  # seconds for one call: these boards share two host cores with the rest of the tests

Boot = Callable[..., Board]


@pytest.fixture(scope="session", params=["renode-m33", "renode-stm32f4"])
def chip(request: pytest.FixtureRequest) -> Target:
    """A target in Renode, where that is there."""
    target = load_target(request.param)
    try:
        machines.kind_of(target).version()
    except ToolMissing as error:
        pytest.skip(f"no Renode: {error}")
    return target


@pytest.fixture(scope="session")
def image(chip: Target) -> Path:
    return firmware_for(chip).elf


@pytest.fixture(scope="session")
def boot(chip: Target, image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Boot boards that count; keyword arguments are Board's."""
    instrument = machines.kind_of(chip).instrument(image, "count", Silent())
    patience = {"timeout": PATIENCE, "boot_seconds": PATIENCE}
    with booting(chip, image, tmp_path_factory.mktemp(chip.name), instrument=instrument, **patience) as make:
        yield make


@pytest.fixture(scope="session")
def shared(boot: Boot) -> Board:
    return boot()


@pytest.fixture
def board(shared: Board) -> Board:
    return fresh(shared)
