"""Boards in Espressif's QEMU; skipped with the command that gets what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import ToolMissing
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import Target, load_target
from tests.emulator.sharing import Boot, board, booting, patient, published_image, shared

__all__ = ["board", "shared"]  # fixtures


@pytest.fixture(scope="session", params=["esp32", "esp32c3"])
def esp32(request: pytest.FixtureRequest) -> Target:
    return load_target(request.param)


@pytest.fixture(scope="session")
def image(esp32: Target) -> Path:
    return published_image(esp32)


@pytest.fixture(scope="session")
def boot(esp32: Target, image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Boot boards; keyword arguments are Board's."""
    with booting(esp32, image, tmp_path_factory.mktemp(esp32.name), **patient()) as make:
        yield make


@pytest.fixture(scope="session")
def build(esp32: Target) -> Callable[[str], NatmodBuild]:
    """Build native modules that the harness carries."""

    def module(name: str) -> NatmodBuild:
        try:
            return build_module(natmods_dir() / name, esp32)
        except ToolMissing as error:
            pytest.skip(f"no compiler for native modules of the {esp32.name}: {error}")

    return module
