"""What the tests on real emulators share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.firmware import cache
from mpy_harness.firmware.image import Firmware, firmware_for
from mpy_harness.targets import Target, load_target
from tests.emulator.installed import Installed, install
from tests.emulator.leftovers import Leftovers


@pytest.fixture(scope="session")
def m33() -> Target:
    return load_target("m33")


@pytest.fixture(scope="session")
def firmware(m33: Target) -> Firmware:
    return firmware_for(m33)


@pytest.fixture(scope="session")
def real_cache() -> Path:
    """The cache of this run: in the projects HOME is another, and would have to be filled first."""
    return cache.cache_root()


@pytest.fixture
def project(real_cache: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project, in which pytest runs as in a terminal."""
    monkeypatch.setenv(cache.ENVIRONMENT, str(real_cache))
    monkeypatch.setenv("COLUMNS", "200")
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)
    pytester.makeini("[pytest]\n")
    return pytester


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Check after the test that all it started and made is gone."""
    before = Leftovers()
    yield
    before.check()


@pytest.fixture
def make_board(nothing_left: None, m33: Target, firmware: Firmware, tmp_path: Path) -> Iterator[Callable[..., Board]]:
    """Boot boards of the test's own; keyword arguments are Board's, and ``target`` and ``image``."""
    boards: list[Board] = []

    def make(target: Target = m33, image: Path = firmware.elf, **options: Any) -> Board:
        boards.append(Board(target, image, tmp_path / f"console-{len(boards)}.log", **options))
        return boards[-1]

    yield make
    for board in boards:
        board.close()


@pytest.fixture
def pool(nothing_left: None, tmp_path: Path) -> Iterator[BoardPool]:
    """A pool as a pytest session has one, which a test may break."""
    boards = BoardPool(tmp_path / "console")
    yield boards
    boards.close()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment with the wheel and nothing else of this checkout."""
    return install(tmp_path_factory.mktemp("installed"))
