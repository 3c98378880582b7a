"""FFTs within the rounding bound of the algorithm.

The norm of the error is below log2(n) * 8u of the norm of the spectrum, u = 2**-24 (natmods/fft/fft_core.h
says why); the real transform has one stage more. Subnormal results, where a step is absolute, are within
what half a step for every product can grow to.

Instructions are given per point of the transform: complex ones have as many bins, real ones half as many and one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mpy_harness.board.guarded import Guarded
from mpy_harness.board.objects import GuestObject
from mpy_harness.workloads import Case, Check, Guest, Workload

Kind = Literal["complex", "real"]
Array = NDArray[Any]

KINDS: tuple[Kind, ...] = ("complex", "real")
LENGTHS = (2, 4, 8, 256, 1024)
LONG = 16384
SIGNALS = ("noise", "sweep", "impulse", "step", "silence", "full_scale", "loud", "tone")
UNIT = 2.0**-24
PYTHON_1024 = {"python": 100 << 10}  # bytes of heap: a plan of this length is some thousand float objects


class Fft(Workload):
    """natmods/fft and its twin."""

    natmod = "fft"

    def cases(self) -> Iterator[Case]:
        """Return every signal in the middle length, every length there and back, and what is special."""
        for kind in KINDS:
            for signal in SIGNALS:
                yield Case(f"{kind}_256/{signal}", partial(self.transformed, kind, signal))
            yield Case(f"{kind}_256/subnormal", partial(self.subnormal, kind))
        for n in (8, 256, 1024):
            yield Case(f"complex_{n}/twiddles", partial(self.twiddles, n), ram=PYTHON_1024 if n == 1024 else {})
        for n in LENGTHS:
            for kind in KINDS:
                for way in ("out", "in_place"):
                    there_and_back = partial(self.there_and_back, n, kind, in_place=way == "in_place")
                    yield Case(f"{kind}_{n}/{way}", there_and_back, ram=PYTHON_1024 if n == 1024 else {})
        yield Case("real_256/imaginary_ends", self.imaginary_ends)
        # Input, output, plan.
        yield Case(f"complex_{LONG}/noise", self.long, forms=["native"], ram={"native": 3 * 8 * LONG})

    def transformed(self, kind: Kind, signal: str, guest: Guest) -> Iterator[Check]:
        """Transform a signal."""
        vectors = self.vectors("n256")
        got = forward(guest.guarded, guest.load().new(256), kind, 256, vectors[f"{signal}_{kind}_in"])
        reference, limit = vectors[f"{signal}_{kind}_ref"], relative_bound(256, kind)
        yield Check(got, reference, "rel_l2", limit, per=256)
        yield Check(got, reference, "snr", -20 * np.log10(limit), per=256)

    def subnormal(self, kind: Kind, guest: Guest) -> Iterator[Check]:
        """Transform subnormal numbers."""
        vectors = self.vectors("n256")
        got = forward(guest.guarded, guest.load().new(256), kind, 256, vectors[f"subnormal_{kind}_in"])
        yield Check(got, vectors[f"subnormal_{kind}_ref"], "max_abs", subnormal_bound(256), per=256)

    def twiddles(self, n: int, guest: Guest) -> Iterator[Check]:
        """Transform an impulse at sample 1: its spectrum is the twiddle factors themselves, not rounded again.

        The bound of the other cases counts on 2u.
        """
        x = np.zeros(2 * n, np.float32)
        x[2] = 1.0
        got = forward(guest.guarded, guest.load().new(n), "complex", n, x)
        reference = np.exp(-2j * np.pi * np.arange(n) / n).view(np.float64)
        yield Check(got, reference, "max_abs", 2 * UNIT, per=n)

    def there_and_back(self, n: int, kind: Kind, guest: Guest, *, in_place: bool) -> Iterator[Check]:
        """Transform noise, and its spectrum back."""
        vectors = self.vectors(f"n{n}")
        plan = guest.load().new(n)
        x = vectors[f"noise_{kind}_in"]
        spectrum = forward(guest.guarded, plan, kind, n, x, in_place=in_place)
        limit = relative_bound(n, kind)
        yield Check(spectrum, vectors[f"noise_{kind}_ref"], "rel_l2", limit, per=n)

        exact = spectrum.astype(np.float64).view(np.complex128)
        if kind == "complex":
            name, reference = "ifft", np.fft.ifft(exact).view(np.float64)
        else:
            name, reference = "irfft", np.fft.irfft(exact, n)
        if in_place:
            back = guest.guarded.call(plan, name, ..., out=("f", spectrum.size), filled=spectrum)[: x.size]
        else:
            back = guest.guarded.call(plan, name, spectrum, ..., out=("f", x.size))
        yield Check(back, reference, "rel_l2", limit, name="inverse", per=n)
        yield Check(back, x, "rel_l2", 2 * limit, name="round_trip", per=n)

    def imaginary_ends(self, guest: Guest) -> Iterator[Check]:
        """Transform a spectrum back whose ends are not real: that is ignored."""
        spectrum = self.vectors("n256")["noise_real_ref"].astype(np.float32)
        spectrum[[1, -1]] = 3.0
        reference = np.fft.irfft(spectrum.astype(np.float64).view(np.complex128), 256)
        got = guest.guarded.call(guest.load().new(256), "irfft", spectrum, ..., out=("f", 256))
        yield Check(got, reference, "rel_l2", relative_bound(256, "real"))

    def long(self, guest: Guest) -> Iterator[Check]:
        """Transform more samples than the small targets have room for."""
        x = np.random.default_rng(LONG).standard_normal(2 * LONG).astype(np.float32)
        reference = np.fft.fft(x.astype(np.float64).view(np.complex128)).view(np.float64)
        got = forward(guest.guarded, guest.load().new(LONG), "complex", LONG, x)
        yield Check(got, reference, "rel_l2", relative_bound(LONG, "complex"), per=LONG)


def relative_bound(n: int, kind: Kind) -> float:
    """Return the bound of the relative error in the 2-norm."""
    return float(np.log2(n) + (kind == "real")) * 8 * UNIT


def subnormal_bound(n: int) -> float:
    """Return how far a subnormal result can be off.

    Sums of subnormals are exact. A butterfly's two products are each off by half a step, and the error so
    far is carried on by both of its inputs, one of them turned: e' <= (1 + sqrt(2)) * e + 1 step.
    """
    error = 0.0
    for _ in range(int(np.log2(n)) + 1):
        error = (1 + np.sqrt(2)) * error + 1
    return error * 2.0**-149


def forward(
    guarded: Guarded,
    plan: GuestObject,
    kind: Kind,
    n: int,
    x: Array,
    *,
    in_place: bool = False,
    counted: bool = True,
) -> Array:
    """Return the transform of n numbers: n complex ones, or n/2 + 1 for real ones, interleaved."""
    name, length = ("fft", 2 * n) if kind == "complex" else ("rfft", n + 2)
    if in_place:
        return guarded.call(plan, name, ..., out=("f", length), filled=x, counted=counted)
    return guarded.call(plan, name, x, ..., out=("f", length), counted=counted)
