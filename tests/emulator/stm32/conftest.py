"""MicroPython's stm32 port in Renode; skipped with the command that gets what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.targets import Target, load_target
from tests.emulator.sharing import Boot, board, booting, patient, published_image, shared

__all__ = ["board", "shared"]  # fixtures


@pytest.fixture(scope="session")
def blackpill() -> Target:
    return load_target("renode-blackpill")


@pytest.fixture(scope="session")
def image(blackpill: Target) -> Path:
    return published_image(blackpill)


@pytest.fixture(scope="session")
def boot(blackpill: Target, image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Boot boards; keyword arguments are Board's."""
    with booting(blackpill, image, tmp_path_factory.mktemp("blackpill"), **patient()) as make:
        yield make
