"""The native module against NumPy, on an emulated Cortex-M33."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mpy_harness.errors import GuestException

FOLDER = Path(__file__).resolve().parent / "envelope"
BLOCKS = 16


@pytest.fixture
def signal() -> np.ndarray:
    swell = np.sin(np.linspace(0, np.pi, 1024))
    return (swell * np.sin(np.arange(1024) * 0.37)).astype(np.float32)


def test_follows_a_swell(natmod, board, golden, signal) -> None:
    module, out = natmod(FOLDER), board.hold(np.zeros(BLOCKS, np.float32))
    with board.count():
        module.follow(signal, out)
    expected = np.abs(signal.astype(float)).reshape(BLOCKS, -1).mean(axis=1)
    golden.check(board.fetch(out), expected, case="swell", metric="max_abs", limit=1e-6)


def test_refuses_what_is_no_signal(natmod) -> None:
    module = natmod(FOLDER)
    with pytest.raises(GuestException, match="TypeError: expected array"):
        module.follow(np.zeros(4, np.int16), np.zeros(1, np.float32))
    with pytest.raises(GuestException, match="ValueError: a value of out needs"):
        module.follow(np.zeros(4, np.float32), np.zeros(5, np.float32))
