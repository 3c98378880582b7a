"""Older releases of MicroPython on the boards that are built here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import SourceUnavailable
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.releases import versions
from mpy_harness.firmware.sources import micropython_source
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import load_target

SECTIONS = np.array([0.2, 0.3, 0.2, 1, -0.5, 0.2], np.float32)
OLDEST = versions()[0]


@pytest.mark.slow
def test_a_module_of_the_oldest_release_stays_whole_through_collections(make_board: Callable[..., Board]) -> None:
    """The code of a module lies outside of the heap; what it has in the heap must not be taken for garbage."""
    target = load_target(f"m33@{OLDEST}")
    try:
        micropython_source(OLDEST)
    except SourceUnavailable as error:
        pytest.skip(f"the source of MicroPython {OLDEST} is not to be had: {error}")
    board = make_board(target, firmware_for(target).elf)
    module = board.import_native(build_module(natmods_dir() / "iir", target))
    board.exec("import gc\nfor _ in range(3):\n gc.collect()\n kept = [bytearray(60) for _ in range(300)]")
    filt = module.new(SECTIONS)
    data = board.hold(np.ones(8, np.float32))
    filt.run(data)
    assert data.get()[0] == np.float32(0.2)
