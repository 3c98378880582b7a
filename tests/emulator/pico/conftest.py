"""Boards in rp2040js; skipped with the command that gets what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.errors import ToolMissing
from mpy_harness.firmware.image import cached_firmware
from mpy_harness.firmware.progress import Silent
from mpy_harness.targets import Target, load_target
from tests.emulator.sharing import booting, fresh

PATIENCE = 120.0  # seconds for one call: these boards share two host cores with the rest of the tests

Boot = Callable[..., Board]


@pytest.fixture(scope="session")
def pico() -> Target:
    return load_target("pico")


@pytest.fixture(scope="session")
def image(pico: Target) -> Path:
    """The pinned firmware, where it and what runs it are there."""
    try:
        machines.kind_of(pico).version()
    except ToolMissing as error:
        pytest.skip(f"no emulator for the pico: {error}")
    firmware = cached_firmware(pico, None)
    if firmware is None:
        pytest.skip("the firmware is not in the cache; fetch it: mpy-harness setup pico")
    return firmware.elf


@pytest.fixture(scope="session")
def boot(pico: Target, image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Boot boards that count; keyword arguments are Board's."""
    instrument = machines.kind_of(pico).instrument(image, "count", Silent())
    patience = {"timeout": PATIENCE, "boot_seconds": PATIENCE}
    with booting(pico, image, tmp_path_factory.mktemp("pico"), instrument=instrument, **patience) as make:
        yield make


@pytest.fixture(scope="session")
def shared(boot: Boot) -> Board:
    return boot()


@pytest.fixture
def board(shared: Board) -> Board:
    return fresh(shared)
