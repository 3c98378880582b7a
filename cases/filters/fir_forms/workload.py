"""One FIR filter of 32 taps in every form: what each takes for 512 samples of noise.

In float32 (case ``lowpass``) and in Q15 (case ``lowpass_q15``), with the taps and signals of cases/filters/fir. Float
forms are held against the sum in float64 and, bit for bit, against float32 arithmetic; those in Q15 give the exact sum,
rounded once.

- ``python``: natmods/fir/fir_python.py, which keeps the past in a ring
- ``@native``: the same with its loop decorated
- ``linear``: bytecode, past and block in one array, so that no index has to be turned round
- ``viper`` (Q15) and ``asm`` (float32, for the FPU): the inner loop alone, over that array
- ``native``: the native module
"""

from __future__ import annotations

from collections.abc import Iterator

from cases.allocated import allocations
from cases.filters.fir import workload as fir
from mpy_harness.workloads import Case, Check, Guest, Workload

SAMPLES = 512
BOTH = ("python", "@native", "linear", "native")


class FirForms(Workload):
    """The forms of one filter."""

    natmod = "fir"
    decorated = ("run",)
    words_of_32 = ("viper",)
    archs = {"asm": ("armv7emsp",)}  # noqa: RUF012 - the base says that it is the class's

    def cases(self) -> Iterator[Case]:
        """Return the two number formats."""
        yield Case("lowpass", self.filtered, forms=[*BOTH, "asm"])
        yield Case("lowpass_q15", self.filtered_q15, forms=[*BOTH, "viper"])

    def filtered(self, guest: Guest) -> Iterator[Check]:
        """Filter in float32."""
        vectors, has_model = fir.Fir.vectors("lowpass"), guest.rounds_to_float32
        x, reference = vectors["noise_in"][:SAMPLES], vectors["noise_ref"][:SAMPLES]
        filt = guest.load().new(vectors["taps"])
        y = guest.guarded.run(filt, "run", x, [SAMPLES])
        yield Check(y, reference, "max_abs", float(fir.bound(vectors, "noise")[:SAMPLES].max()), given=x)
        if has_model:
            yield Check(y, vectors["noise_f32"][:SAMPLES], "exact", 0, name="f32")
        allocations(guest, filt, "run", x, x)

    def filtered_q15(self, guest: Guest) -> Iterator[Check]:
        """Filter in Q15."""
        vectors = fir.Fir.vectors("lowpass_q15")
        x = vectors["noise_in"][:SAMPLES]
        filt = guest.load().new(vectors["taps"])
        y = guest.guarded.run(filt, "run", x, [SAMPLES])
        yield Check(y, vectors["noise_q15"][:SAMPLES], "exact", 0, given=x)
        allocations(guest, filt, "run", x, x)
