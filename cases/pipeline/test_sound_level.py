"""A program that uses several native modules: each block's level and octave bands against SciPy in float64."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import sosfilt

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.golden import Golden

SCRIPT = Path(__file__).with_name("sound_level.py")
BLOCK = 256

# What float32 loses in a block of 256: the filter keeps 112 dB (cases/filters), sums of 256 squares round 256 times.
RELATIVE_LIMIT = 256 * 2.0**-24


@pytest.fixture
def program(board: Board, natmod: Callable[..., GuestObject]) -> Board:
    """A board that has the program's functions."""
    for name in ("arrayutils", "iir", "fft"):
        natmod(name)
    board.files.put(SCRIPT, "/lib/sound_level.py")
    board.exec("import sys\nsys.path.append('/lib')\nfrom sound_level import *")
    return board


def reference(sos: np.ndarray, pcm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean square of each weighted block, shape (blocks,), and its octaves' power, (blocks, 7)."""
    weighted = sosfilt(sos, pcm.astype(np.float64) / 32768).reshape(-1, BLOCK)
    power = np.abs(np.fft.rfft(weighted)) ** 2
    edges = 2 ** np.arange(8)
    return (weighted**2).mean(axis=1), np.array([power[:, a:b].sum(axis=1) for a, b in pairwise(edges)]).T


def test_levels_and_bands(program: Board, golden: Golden) -> None:
    pcm = np.random.default_rng(1).integers(-32768, 32768, 4 * BLOCK).astype(np.int16)
    sos = program.eval("A_WEIGHTING").astype(np.float64).reshape(-1, 6)
    levels, bands = reference(sos, pcm)
    program.exec("meter = Meter()")
    with program.count("sound_level"):
        got = [program.call("meter.measure", block) for block in pcm.reshape(-1, BLOCK)]
    got_levels, got_bands = np.array([level for level, _ in got]), np.array([powers for _, powers in got])
    case = "pipeline/sound_level"
    golden.check(
        got_levels / levels, np.ones(4), case=f"{case}/level", metric="max_abs", limit=RELATIVE_LIMIT, per=pcm.size
    )
    # Of the loudest octave: the roundings of a transform are those of its greatest terms, in every bin.
    loudest = bands.max(axis=1, keepdims=True)
    golden.check(
        got_bands / loudest,
        bands / loudest,
        case=f"{case}/octaves",
        metric="max_abs",
        limit=RELATIVE_LIMIT,
        per=pcm.size,
    )
