"""A signal in blocks: a slice of an array is a copy, one of a memoryview is not.

2048 int16 in blocks of 64; of each block the sum of its numbers is taken.

- ``slice``: ``samples[at : at + 64]``
- ``memoryview``: the same of a memoryview
- ``index``: no block at all, a function that is told where it begins
- ``readinto``: the block is read into one buffer from a stream (``io.BytesIO``), as from a file or an I2S bus; ``read``
  makes a new one each time
- ``viper``: the sum through a pointer into the memoryview
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cases.allocated import allocations
from cases.signals import generator
from mpy_harness.workloads import Case, Check, Guest, Workload

SAMPLES, BLOCK = 2048, 64


class Blocks(Workload):
    """Sums of blocks."""

    def cases(self) -> Iterator[Case]:
        """Return one case."""
        yield Case("sums", self.summed)

    def summed(self, guest: Guest) -> Iterator[Check]:
        """Add up each block."""
        samples = generator(51).integers(-32768, 32768, SAMPLES).astype(np.int16)
        reference = samples.reshape(-1, BLOCK).sum(axis=1, dtype=np.int32)
        module = guest.load()
        src = samples.tobytes() if guest.form.name.startswith("read") else samples
        got = guest.guarded.call(module, "sums", src, ..., out=("i", reference.size))
        yield Check(got, reference, "exact", 0, per=SAMPLES)
        allocations(guest, module, "sums", src, reference)
