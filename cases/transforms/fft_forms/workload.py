"""The transform of natmods/fft in float32, 64 to 1024 complex points, in the forms that floats have.

- ``python``: the module's Python twin; ``@native``: the same with its loops decorated
- ``native``: the native module

Within the rounding bound of the algorithm, as ``fft``, which has the signals that are special. The same in integers,
where viper is worth it, is ``fft_q15``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cases.allocated import allocations
from cases.transforms.fft.workload import PYTHON_1024, relative_bound
from mpy_harness.workloads import Case, Check, Guest, Workload

SIZES = (64, 128, 256, 512, 1024)
RAM = dict.fromkeys(("python", "@native"), PYTHON_1024["python"])


class FftForms(Workload):
    """The forms of one transform."""

    natmod = "fft"
    decorated = ("_transform",)

    def cases(self) -> Iterator[Case]:
        """Return noise in all lengths."""
        for n in SIZES:
            yield Case(f"noise_{n}", partial(self.transformed, n), ram={form: n * RAM[form] // 1024 for form in RAM})

    def transformed(self, n: int, guest: Guest) -> Iterator[Check]:
        """Transform noise."""
        vectors = self.vectors(f"n{n}")
        plan, limit = guest.load().new(n), relative_bound(n, "complex")
        got = guest.guarded.call(plan, "fft", vectors["in"], ..., out=("f", 2 * n))
        yield Check(got, vectors["ref"], "rel_l2", limit, per=n, given=vectors["in"])
        allocations(guest, plan, "fft", vectors["in"], np.zeros(2 * n, np.float32))
