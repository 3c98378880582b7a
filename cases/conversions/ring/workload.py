"""The newest samples of a stream: a window of 128 that moves on by 32, made from blocks as they come.

Of 1024 int16, the window is copied to the output after each block: 32 windows.

- ``list``: ``append`` and ``pop(0)``
- ``deque``: of ``collections``, with a greatest length
- ``shift``: an array whose content moves down by memoryviews, in place
- ``ring``: an array that is written round, and read in two parts
- ``double``: an array of twice the size in which each block is stored twice, so that a window is always one part of it
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cases.allocated import allocations
from cases.signals import generator
from mpy_harness.workloads import Case, Check, Guest, Workload

SAMPLES, HOP, WINDOW = 1024, 32, 128


class Ring(Workload):
    """Windows of a stream."""

    def cases(self) -> Iterator[Case]:
        """Return one case."""
        yield Case("windows", self.windows)

    def windows(self, guest: Guest) -> Iterator[Check]:
        """Copy the window after each block."""
        samples = generator(52).integers(-32768, 32768, SAMPLES).astype(np.int16)
        past = np.r_[np.zeros(WINDOW - HOP, np.int16), samples]
        reference = np.lib.stride_tricks.sliding_window_view(past, WINDOW)[::HOP].ravel()
        module = guest.load()
        got = guest.guarded.call(module, "windows", samples, ..., out=("h", reference.size))
        yield Check(got, reference, "exact", 0, per=SAMPLES)
        allocations(guest, module, "windows", samples, reference)
