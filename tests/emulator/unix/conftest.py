"""Boards in MicroPython's unix port; skipped where this computer is not one that it runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.targets import Target, load_target
from tests.emulator.misbehaving import build_misbehaving
from tests.emulator.sharing import Boot, booting, fresh, startable


@pytest.fixture(scope="session")
def unix() -> Target:
    return startable(load_target("unix"))


@pytest.fixture(scope="session")
def image(unix: Target) -> Path:
    return firmware_for(unix).elf


@pytest.fixture(scope="module")
def boot(unix: Target, image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Start boards; keyword arguments are Board's."""
    with booting(unix, image, tmp_path_factory.mktemp("unix"), timeout=60) as make:
        yield make


@pytest.fixture(scope="module")
def started(boot: Boot) -> Board:
    return boot()


@pytest.fixture
def board(started: Board) -> Board:
    """A board as after a reset."""
    return fresh(started)


@pytest.fixture(scope="session")
def misbehaving(unix: Target, tmp_path_factory: pytest.TempPathFactory) -> NatmodBuild:
    return build_misbehaving(tmp_path_factory.mktemp("natmods"), unix.name)
