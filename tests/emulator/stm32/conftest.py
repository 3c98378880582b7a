"""MicroPython's stm32 port in Renode; skipped with the command that gets what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.errors import ToolMissing
from mpy_harness.firmware.image import cached_firmware
from mpy_harness.targets import Target, load_target
from tests.emulator.sharing import booting, fresh

PATIENCE = 120.0  # seconds for one call: these boards share two host cores with the rest of the tests

Boot = Callable[..., Board]


@pytest.fixture(scope="session")
def blackpill() -> Target:
    return load_target("renode-blackpill")


@pytest.fixture(scope="session")
def image(blackpill: Target) -> Path:
    """The pinned firmware, where it and Renode are there."""
    try:
        machines.kind_of(blackpill).version()
    except ToolMissing as error:
        pytest.skip(f"no Renode: {error}")
    firmware = cached_firmware(blackpill, None)
    if firmware is None:
        pytest.skip("the firmware is not in the cache; fetch it: mpy-harness setup renode-blackpill")
    return firmware.elf


@pytest.fixture(scope="session")
def boot(blackpill: Target, image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Boot boards; keyword arguments are Board's."""
    patience = {"timeout": PATIENCE, "boot_seconds": PATIENCE}
    with booting(blackpill, image, tmp_path_factory.mktemp("blackpill"), **patience) as make:
        yield make


@pytest.fixture(scope="session")
def shared(boot: Boot) -> Board:
    return boot()


@pytest.fixture
def board(shared: Board) -> Board:
    return fresh(shared)
