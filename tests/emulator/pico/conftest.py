"""Boards in rp2040js; skipped with the command that gets what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.firmware.progress import Silent
from mpy_harness.targets import Target, load_target
from tests.emulator.sharing import Boot, board, booting, patient, published_image, shared

__all__ = ["board", "shared"]  # fixtures


@pytest.fixture(scope="session")
def pico() -> Target:
    return load_target("pico")


@pytest.fixture(scope="session")
def image(pico: Target) -> Path:
    return published_image(pico)


@pytest.fixture(scope="session")
def boot(pico: Target, image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Boot boards that count; keyword arguments are Board's."""
    instrument = machines.kind_of(pico).instrument(image, "count", Silent())
    with booting(pico, image, tmp_path_factory.mktemp("pico"), instrument=instrument, **patient()) as make:
        yield make
