"""FFTs within the rounding bound of the algorithm.

The norm of the error is below log2(n) * 8u of the norm of the spectrum, u = 2**-24 (natmods/fft/fft_core.h
says why); the real transform has one stage more. Subnormal results, where a step is absolute, are within
what half a step for every product can grow to.

Instructions are given per point of the transform: complex ones have as many bins, real ones half as many and one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from guarding import Guarded

from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden

LENGTHS = [2, 4, 8, 256, 1024]
SIGNALS = ["noise", "sweep", "impulse", "step", "silence", "full_scale", "loud", "tone"]
UNIT = 2.0**-24
NeedsRam = Callable[[int], None]
PYTHON_1024 = 100 << 10  # bytes of heap: a plan of this length is some thousand float objects


def relative_bound(n: int, kind: str) -> float:
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
    kind: str,
    n: int,
    x: np.ndarray,
    *,
    in_place: bool = False,
    counted: bool = True,
) -> np.ndarray:
    name, length = ("fft", 2 * n) if kind == "complex" else ("rfft", n + 2)
    if in_place:
        return guarded.call(plan, name, ..., out=("f", length), filled=x, counted=counted)
    return guarded.call(plan, name, x, ..., out=("f", length), counted=counted)


@pytest.mark.parametrize("kind", ["complex", "real"])
@pytest.mark.parametrize("signal", SIGNALS)
def test_signal(
    signal: str, kind: str, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded
) -> None:
    vectors = golden.vectors("fft/n256")
    got = forward(guarded, natmod("fft", form=form).new(256), kind, 256, vectors[f"{signal}_{kind}_in"])
    case, reference = f"fft/{kind}_256/{signal}", vectors[f"{signal}_{kind}_ref"]
    limit = relative_bound(256, kind)
    golden.check(got, reference, case=case, metric="rel_l2", limit=limit, form=form, per=256)
    golden.check(got, reference, case=case, metric="snr", limit=-20 * np.log10(limit), form=form, per=256)


@pytest.mark.parametrize("kind", ["complex", "real"])
def test_subnormal(kind: str, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded) -> None:
    vectors = golden.vectors("fft/n256")
    got = forward(guarded, natmod("fft", form=form).new(256), kind, 256, vectors[f"subnormal_{kind}_in"])
    golden.check(
        got,
        vectors[f"subnormal_{kind}_ref"],
        case=f"fft/{kind}_256/subnormal",
        metric="max_abs",
        limit=subnormal_bound(256),
        form=form,
        per=256,
    )


@pytest.mark.parametrize("n", [8, 256, 1024])
def test_twiddle_factors(
    n: int, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded, needs_ram: NeedsRam
) -> None:
    if (form, n) == ("python", 1024):
        needs_ram(PYTHON_1024)
    # The spectrum of an impulse at sample 1 is the twiddle factors themselves, not rounded again. The
    # bound of the other cases counts on 2u.
    x = np.zeros(2 * n, np.float32)
    x[2] = 1.0
    got = forward(guarded, natmod("fft", form=form).new(n), "complex", n, x)
    reference = np.exp(-2j * np.pi * np.arange(n) / n).view(np.float64)
    golden.check(got, reference, case=f"fft/complex_{n}/twiddles", metric="max_abs", limit=2 * UNIT, form=form, per=n)


@pytest.mark.parametrize("in_place", [False, True], ids=["out", "in_place"])
@pytest.mark.parametrize("kind", ["complex", "real"])
@pytest.mark.parametrize("n", LENGTHS)
def test_length_and_way_back(
    n: int,
    kind: str,
    in_place: bool,
    form: str,
    natmod: Callable[..., GuestObject],
    golden: Golden,
    guarded: Guarded,
    needs_ram: NeedsRam,
) -> None:
    if (form, n) == ("python", 1024):
        needs_ram(PYTHON_1024)
    vectors = golden.vectors(f"fft/n{n}")
    plan = natmod("fft", form=form).new(n)
    x = vectors[f"noise_{kind}_in"]
    spectrum = forward(guarded, plan, kind, n, x, in_place=in_place)
    case = f"fft/{kind}_{n}/{'in_place' if in_place else 'out'}"
    limit = relative_bound(n, kind)
    golden.check(spectrum, vectors[f"noise_{kind}_ref"], case=case, metric="rel_l2", limit=limit, form=form, per=n)

    exact = spectrum.astype(np.float64).view(np.complex128)
    if kind == "complex":
        name, reference = "ifft", np.fft.ifft(exact).view(np.float64)
    else:
        name, reference = "irfft", np.fft.irfft(exact, n)
    if in_place:
        back = guarded.call(plan, name, ..., out=("f", spectrum.size), filled=spectrum)[: x.size]
    else:
        back = guarded.call(plan, name, spectrum, ..., out=("f", x.size))
    golden.check(back, reference, case=f"{case}/inverse", metric="rel_l2", limit=limit, form=form, per=n)
    golden.check(back, x, case=f"{case}/round_trip", metric="rel_l2", limit=2 * limit, form=form, per=n)


def test_inverse_ignores_imaginary_ends(
    form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded
) -> None:
    spectrum = golden.vectors("fft/n256")["noise_real_ref"].astype(np.float32)
    spectrum[[1, -1]] = 3.0
    reference = np.fft.irfft(spectrum.astype(np.float64).view(np.complex128), 256)
    got = guarded.call(natmod("fft", form=form).new(256), "irfft", spectrum, ..., out=("f", 256))
    limit = relative_bound(256, "real")
    golden.check(got, reference, case="fft/real_256/imaginary_ends", metric="rel_l2", limit=limit, form=form)


@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=["nan", "inf"])
@pytest.mark.parametrize("kind", ["complex", "real"])
def test_not_finite_reaches_every_output(
    kind: str, bad: float, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded
) -> None:
    vectors = golden.vectors("fft/n256")
    plan = natmod("fft", form=form).new(256)
    x = vectors[f"noise_{kind}_in"].copy()
    x[77] = bad
    numbers = forward(guarded, plan, kind, 256, x, counted=False).reshape(-1, 2)
    assert not np.isfinite(numbers).all(axis=1).any()
    clean = forward(guarded, plan, kind, 256, vectors[f"noise_{kind}_in"])  # a plan has no memory
    golden.check(
        clean,
        vectors[f"noise_{kind}_ref"],
        case=f"fft/{kind}_256/after_{bad}",
        metric="rel_l2",
        limit=relative_bound(256, kind),
        form=form,
        per=256,
    )


def test_long_transform(
    natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded, needs_ram: NeedsRam
) -> None:
    n = 16384
    needs_ram(3 * 8 * n)  # input, output, plan
    x = np.random.default_rng(n).standard_normal(2 * n).astype(np.float32)
    reference = np.fft.fft(x.astype(np.float64).view(np.complex128)).view(np.float64)
    got = forward(guarded, natmod("fft").new(n), "complex", n, x)
    case, limit = f"fft/complex_{n}/noise", relative_bound(n, "complex")
    golden.check(got, reference, case=case, metric="rel_l2", limit=limit, form="native", per=n)


def test_refuses_wrong_lengths(form: str, natmod: Callable[..., GuestObject]) -> None:
    module = natmod("fft", form=form)
    for n in (-8, 0, 1, 3, 12, 2**21):
        with pytest.raises(GuestException, match="ValueError: length must be a power of two"):
            module.new(n)
    plan = module.new(8)
    lengths = {"fft": (16, 16), "ifft": (16, 16), "rfft": (8, 10), "irfft": (10, 8)}
    for name, (src, out) in lengths.items():
        for wrong_src, wrong_out in ((src - 1, out), (src + 1, out), (src, out - 1), (src, out + 1)):
            with pytest.raises(GuestException, match="ValueError: wrong length for this plan"):
                getattr(plan, name)(np.zeros(wrong_src, np.float32), np.zeros(wrong_out, np.float32))
        with pytest.raises(GuestException, match="ValueError: wrong length for this plan"):
            getattr(plan, name)(np.zeros(max(src, out) - 1, np.float32))


def test_refuses_wrong_types(natmod: Callable[..., GuestObject]) -> None:
    plan = natmod("fft").new(8)
    for name in ("fft", "ifft", "rfft", "irfft"):
        for wrong in (np.zeros(16, np.int16), np.zeros(16, np.int32), bytes(64)):
            with pytest.raises(GuestException, match="TypeError"):
                getattr(plan, name)(wrong)
