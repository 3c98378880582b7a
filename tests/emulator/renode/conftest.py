"""Boards in Renode; skipped with the command that gets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.progress import Silent
from mpy_harness.targets import Target, load_target
from tests.emulator.sharing import Boot, board, booting, patient, shared, startable

__all__ = ["board", "shared"]  # fixtures


@pytest.fixture(scope="session", params=["renode-m33", "renode-stm32f4"])
def chip(request: pytest.FixtureRequest) -> Target:
    """A target in Renode, where that is there."""
    return startable(load_target(request.param))


@pytest.fixture(scope="session")
def image(chip: Target) -> Path:
    return firmware_for(chip).elf


@pytest.fixture(scope="session")
def boot(chip: Target, image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Boot boards that count; keyword arguments are Board's."""
    instrument = machines.kind_of(chip).instrument(image, "count", Silent())
    with booting(chip, image, tmp_path_factory.mktemp(chip.name), instrument=instrument, **patient(60)) as make:
        yield make
