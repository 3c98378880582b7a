"""A program that uses several native modules: each block's level and octave bands against SciPy in float64."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

from mpy_harness.workloads import Case, Check, Form, Guest, Workload

BLOCK = 256
MODULES = ("arrayutils", "iir", "fft")

# What float32 loses in a block of 256: the filter keeps 112 dB (cases/filters), sums of 256 squares round 256 times.
RELATIVE_LIMIT = 256 * 2.0**-24

Array = NDArray[np.float64]


class SoundLevel(Workload):
    """The sound level meter of sound_level.py, with the native modules that it imports."""

    name = "pipeline"
    guards = False

    def forms(self) -> Mapping[str, Form]:
        """Return the program as it is: a form without a name."""
        return {"": Form("", file=self.folder() / "sound_level.py")}

    def cases(self) -> Iterator[Case]:
        """Return four blocks of noise."""
        yield Case("sound_level", self.measured)

    def measured(self, guest: Guest) -> Iterator[Check]:
        """Measure levels and bands."""
        board = guest.board
        for module in MODULES:
            guest.natmod(module)
        board.files.put(guest.form.source(), "/lib/sound_level.py")
        board.exec("import sys\nsys.path.append('/lib')\nfrom sound_level import *")
        pcm = np.random.default_rng(1).integers(-32768, 32768, 4 * BLOCK).astype(np.int16)
        sos = board.eval("A_WEIGHTING").astype(np.float64).reshape(-1, 6)
        levels, bands = reference(sos, pcm)
        board.exec("meter = Meter()")
        with board.count("sound_level"):
            got = [board.call("meter.measure", block) for block in pcm.reshape(-1, BLOCK)]
        got_levels, got_bands = np.array([level for level, _ in got]), np.array([powers for _, powers in got])
        yield Check(got_levels / levels, np.ones(4), "max_abs", RELATIVE_LIMIT, name="level", per=pcm.size)
        # Of the loudest octave: the roundings of a transform are those of its greatest terms, in every bin.
        loudest = bands.max(axis=1, keepdims=True)
        yield Check(got_bands / loudest, bands / loudest, "max_abs", RELATIVE_LIMIT, name="octaves", per=pcm.size)


def reference(sos: Array, pcm: NDArray[np.int16]) -> tuple[Array, Array]:
    """Return the mean square of each weighted block, shape (blocks,), and its octaves' power, (blocks, 7)."""
    weighted = sosfilt(sos, pcm.astype(np.float64) / 32768).reshape(-1, BLOCK)
    power = np.abs(np.fft.rfft(weighted)) ** 2
    edges = 2 ** np.arange(8)
    return (weighted**2).mean(axis=1), np.array([power[:, a:b].sum(axis=1) for a, b in pairwise(edges)]).T
