"""One filter, written in every way that MicroPython knows: what each of them takes.

The filter is the A-weighting of cases/filters/iir, three biquads, on 512 samples of noise. All forms are held against
SciPy in float64, to the same 90 dB; those in float32 also to the bits that float32 gives for this algorithm.

- ``python``: natmods/iir/iir_python.py, bytecode, a section at a time
- ``fused``: bytecode, all sections in one loop over the array
- ``@native``: the first with its loop decorated with ``@micropython.native``
- ``viper``: the same in viper, for which floats are objects like any other
- ``fixed``: viper on integers, samples in Q26
- ``asm``: inline assembler for the FPU
- ``native``: the native module

Counted is the call that filters the block.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cases.filters.iir import workload as iir
from mpy_harness.workloads import Case, Check, Guest, Workload

SAMPLES = 512
Q26, Q30 = 2.0**26, 2.0**30


class IirForms(Workload):
    """The forms of one filter."""

    natmod = "iir"
    decorated = ("run",)
    words_of_32 = ("fixed",)
    archs = {"asm": ("armv7emsp",)}  # noqa: RUF012 - the base says that it is the class's

    def cases(self) -> Iterator[Case]:
        """Return one case, which is something else for the form whose samples are integers."""
        floats = [form for form in self.forms() if form != "fixed"]
        yield Case("a_weighting", self.filtered, forms=floats)
        yield Case("a_weighting", self.filtered_q26, forms=["fixed"])

    def filtered(self, guest: Guest) -> Iterator[Check]:
        """Filter samples in float32."""
        vectors, has_model = iir.Iir.vectors("a_weighting"), guest.rounds_to_float32
        x, reference = vectors["noise_in"][:SAMPLES], vectors["noise_ref"][:SAMPLES]
        filt = guest.load().new(vectors["sos"])
        y = guest.guarded.run(filt, "run", x, [SAMPLES])
        yield Check(y, reference, "snr", 90, given=x)
        if has_model:
            yield Check(y, vectors["noise_f32"][:SAMPLES], "exact", 0, name="f32")

    def filtered_q26(self, guest: Guest) -> Iterator[Check]:
        """Filter samples in Q26."""
        vectors = iir.Iir.vectors("a_weighting")
        x, reference = vectors["noise_in"][:SAMPLES], vectors["noise_ref"][:SAMPLES]
        filt = guest.load().new(vectors["sos"])
        words = np.rint(x.astype(np.float64) * Q26).astype(np.int32)
        y = guest.guarded.run(filt, "run", words, [SAMPLES])
        yield Check(y / Q26, reference, "snr", 90, given=x)
        yield Check(y, fixed_point(vectors["sos"], words), "exact", 0, name="q26")


def fixed_point(sos: NDArray[np.float32], x: NDArray[np.int32]) -> NDArray[np.int32]:
    """Filter Q26 samples as viper_fixed.py does, in integers of any size."""

    def product(c: int, v: int) -> int:
        high, low = c >> 16, c & 0xFFFF
        return (high * (v >> 16) << 2) + (high * (v & 0xFFFF) >> 14) + (low * (v >> 16) >> 14)

    y = [int(v) for v in x]
    for section in sos.reshape(-1, 6):
        b0, b1, b2, _, a1, a2 = (int(v) for v in np.rint(section.astype(np.float64) * Q30))
        s1 = s2 = 0
        for i, v in enumerate(y):
            out = product(b0, v) + s1
            s1 = product(b1, v) + s2 + product(-a1, out)
            s2 = product(b2, v) + product(-a2, out)
            y[i] = out
    return np.array(y, np.int32)  # raises OverflowError for what does not fit
