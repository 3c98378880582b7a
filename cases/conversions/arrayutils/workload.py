"""Conversions, scaling and limiting: exact where the result is an integer, half a unit else.

A product rounded once to float32 is within half a unit in the last place. Rounded to an integer after
that it is within half a step, plus the half unit (2**-10 below 32768) that the product was off.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from mpy_harness.workloads import Case, Check, Guest, Workload

INT16_SIGNALS = ("noise", "sweep", "impulse", "step", "silence", "full_scale", "smallest", "every_kind")
FLOAT_SIGNALS = (
    "noise", "sweep", "impulse", "step", "silence", "subnormal", "full_scale", "loud", "halves", "ends", "special",
)  # fmt: skip


class ArrayUtils(Workload):
    """natmods/arrayutils and its twin."""

    natmod = "arrayutils"

    def cases(self) -> Iterator[Case]:
        """Return every signal through every function."""
        for name, run in (
            ("int16_to_float", self.int16_to_float),
            ("scale_int16", self.scale_int16),
            ("clip_int16", self.clip_int16),
        ):
            for signal in INT16_SIGNALS:
                yield Case(f"{name}/{signal}", partial(run, signal))
        for name, run in (
            ("float_to_int16", self.float_to_int16),
            ("scale", self.scale_float),
            ("clip", self.clip_float),
        ):
            for signal in FLOAT_SIGNALS:
                yield Case(f"{name}/{signal}", partial(run, signal))

    def int16_to_float(self, signal: str, guest: Guest) -> Iterator[Check]:
        """Convert by 1/32768, and by another factor."""
        vectors = self.vectors("from_int16")
        module, x = guest.load(), vectors[f"{signal}_in"]
        got = guest.guarded.call(module, "int16_to_float", x, ..., out=("f", x.size))
        yield Check(got, vectors[f"{signal}_float"], "ulp", 0)
        got = guest.guarded.call(module, "int16_to_float", x, ..., float(vectors["scale"][0]), out=("f", x.size))
        yield Check(got, vectors[f"{signal}_scaled_float"], "ulp", 0.5, name="gain")

    def float_to_int16(self, signal: str, guest: Guest) -> Iterator[Check]:
        """Convert by 32768, and by another factor."""
        vectors, is_exact = self.vectors("from_float"), guest.rounds_to_float32
        module, x = guest.load(), vectors[f"{signal}_in"]
        got = guest.guarded.call(module, "float_to_int16", x, ..., out=("h", x.size))
        yield Check(got, vectors[f"{signal}_int16"], "exact", 0)
        yield Check(got, vectors[f"{signal}_exact_int16"], "lsb", 0.5)
        if is_exact:
            scale = float(np.float32(10000) * vectors["scale"][0])
            got = guest.guarded.call(module, "float_to_int16", x, ..., scale, out=("h", x.size))
            yield Check(got, vectors[f"{signal}_scaled_int16"], "exact", 0, name="gain")

    def scale_float(self, signal: str, guest: Guest) -> Iterator[Check]:
        """Scale float32."""
        vectors = self.vectors("from_float")
        module, x, factor = guest.load(), vectors[f"{signal}_in"], float(vectors["scale"][0])
        got = guest.guarded.call(module, "scale", x, factor, ..., out=("f", x.size))
        yield Check(got, vectors[f"{signal}_scaled"], "ulp", 0.5)

    def scale_int16(self, signal: str, guest: Guest) -> Iterator[Check]:
        """Scale int16."""
        vectors, is_exact = self.vectors("from_int16"), guest.rounds_to_float32
        module, x, gain = guest.load(), vectors[f"{signal}_in"], float(vectors["gain"][0])
        got = guest.guarded.call(module, "scale", x, gain, ..., out=("h", x.size))
        yield Check(got, np.clip(x * gain, -32768, 32767), "lsb", 0.5 + 2.0**-10)
        if is_exact:
            yield Check(got, vectors[f"{signal}_scaled"], "exact", 0)

    def clip_float(self, signal: str, guest: Guest) -> Iterator[Check]:
        """Limit float32."""
        vectors = self.vectors("from_float")
        module, x = guest.load(), vectors[f"{signal}_in"]
        got = guest.guarded.call(module, "clip", x, -0.25, 0.5, ..., out=("f", x.size))
        yield Check(got, vectors[f"{signal}_clipped"], "exact", 0)

    def clip_int16(self, signal: str, guest: Guest) -> Iterator[Check]:
        """Limit int16."""
        vectors = self.vectors("from_int16")
        module, x = guest.load(), vectors[f"{signal}_in"]
        got = guest.guarded.call(module, "clip", x, -1000, 20000, ..., out=("h", x.size))
        yield Check(got, vectors[f"{signal}_clipped"], "exact", 0)
