"""FIR filters: float32 within the rounding bound of a dot product, Q15 exact.

For float32, n products and sums in any order are within gamma = n*u / (1 - n*u), u = 2**-24, of the sum of
the products' magnitudes (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1),
and within half a subnormal step more for each product.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from guarding import Guarded, block_sizes
from numpy.typing import NDArray

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden, Vectors, frequency_response_db

FLOAT_SIGNALS = ["noise", "sweep", "impulse", "step", "silence", "subnormal", "full_scale", "loud"]
Q15_SIGNALS = ["noise", "sweep", "impulse", "step", "silence", "smallest", "full_scale"]
TAPS = 32


def bound(vectors: Vectors, signal: str) -> NDArray[np.float64]:
    """Return the greatest error that rounding can make of each sample."""
    x, taps = (vectors[name].astype(np.float64) for name in (f"{signal}_in", "taps"))
    nu = taps.size * 2.0**-24
    magnitudes = np.convolve(np.abs(x), np.abs(taps))[: x.size]
    return nu / (1 - nu) * magnitudes + taps.size * 2.0**-150


@pytest.mark.parametrize("signal", FLOAT_SIGNALS)
def test_float(
    signal: str,
    form: str,
    natmod: Callable[..., GuestObject],
    golden: Golden,
    guarded: Guarded,
    rounds_like_native: bool,
) -> None:
    vectors = golden.vectors("fir/lowpass")
    filt = natmod("fir", form=form).new(vectors["taps"])
    x, reference = vectors[f"{signal}_in"], vectors[f"{signal}_ref"]
    got = guarded.run(filt, "run", x, [x.size])
    case = f"fir/lowpass/{signal}"
    allowed = bound(vectors, signal)
    golden.check(got, reference, case=case, metric="max_abs", limit=float(allowed.max()), form=form)
    snr = np.inf if not reference.any() else 20 * np.log10(np.linalg.norm(reference) / np.linalg.norm(allowed))
    golden.check(got, reference, case=case, metric="snr", limit=float(snr), form=form)
    if rounds_like_native:
        golden.check(got, vectors[f"{signal}_f32"], case=f"{case}/f32", metric="exact", limit=0, form=form)


def test_gain_over_frequency(form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded) -> None:
    vectors = golden.vectors("fir/lowpass")
    x = vectors["impulse_in"]
    got = guarded.run(natmod("fir", form=form).new(vectors["taps"]), "run", x, [x.size])
    # The response to an impulse is the taps themselves: no rounding, no error.
    golden.check(
        got, vectors["impulse_ref"], case="fir/lowpass/gain", metric=frequency_response_db(), limit=1e-9, form=form
    )


@pytest.mark.parametrize("signal", Q15_SIGNALS)
@pytest.mark.parametrize("design", ["lowpass_q15", "saturating_q15"])
def test_q15(
    design: str, signal: str, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded
) -> None:
    vectors = golden.vectors(f"fir/{design}")
    filt = natmod("fir", form=form).new(vectors["taps"])
    x = vectors[f"{signal}_in"]
    got = guarded.run(filt, "run", x, [x.size])
    case = f"fir/{design}/{signal}"
    golden.check(got, vectors[f"{signal}_q15"], case=case, metric="exact", limit=0, form=form)
    golden.check(got, vectors[f"{signal}_ref"], case=case, metric="lsb", limit=0.5, form=form)
    if design == "saturating_q15" and signal == "full_scale":
        assert {-32768, 32767} <= set(got.tolist())


@pytest.mark.parametrize("in_place", [False, True], ids=["out", "in_place"])
@pytest.mark.parametrize("split", ["one", "many", "random"])
@pytest.mark.parametrize("design", ["lowpass", "lowpass_q15"])
def test_blocks(
    design: str,
    split: str,
    in_place: bool,
    form: str,
    natmod: Callable[..., GuestObject],
    golden: Golden,
    guarded: Guarded,
) -> None:
    vectors = golden.vectors(f"fir/{design}")
    filt = natmod("fir", form=form).new(vectors["taps"])
    x = vectors["noise_in"]
    got = guarded.run(filt, "run", x, block_sizes(split, x.size), in_place=in_place)
    limits = {"f32": float(bound(vectors, "noise").max()), "q15": 0.5}
    case = f"fir/{design}/{'in_place' if in_place else 'blocks'}_{split}"
    golden.check(got, vectors["noise_ref"], case=case, metric="max_abs", limits=limits, form=form)


@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=["nan", "inf"])
def test_not_finite_leaves_with_the_last_tap(
    bad: float, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded
) -> None:
    vectors = golden.vectors("fir/lowpass")
    filt = natmod("fir", form=form).new(vectors["taps"])
    x = vectors["noise_in"].copy()
    x[300] = bad
    expected = vectors["noise_ref"].copy()
    expected[300 : 300 + TAPS] = bad * np.sign(vectors["taps"])
    got = guarded.run(filt, "run", x, [x.size])
    golden.check(
        got,
        expected,
        case=f"fir/lowpass/{bad}",
        metric="max_abs",
        limit=float(bound(vectors, "noise").max()),
        form=form,
    )


def test_reset(form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded) -> None:
    for design in ("lowpass", "lowpass_q15"):
        vectors = golden.vectors(f"fir/{design}")
        filt = natmod("fir", form=form).new(vectors["taps"])
        x = vectors["noise_in"][:256]
        first = guarded.run(filt, "run", x, [x.size], counted=False)
        assert not np.array_equal(guarded.run(filt, "run", x, [x.size], counted=False), first)
        filt.reset()
        again = guarded.run(filt, "run", x, [x.size])
        golden.check(again, first, case=f"fir/{design}/reset", metric="exact", limit=0, form=form)


def test_one_tap(form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded) -> None:
    x = golden.vectors("fir/lowpass")["noise_in"]
    filt = natmod("fir", form=form).new(np.array([0.5], np.float32))
    got = guarded.run(filt, "run", x, block_sizes("random", x.size))
    golden.check(got, x / 2, case="fir/one_tap/noise", metric="exact", limit=0, form=form)


def test_refuses_wrong_lengths(form: str, natmod: Callable[..., GuestObject]) -> None:
    module = natmod("fir", form=form)
    for dtype in (np.float32, np.int16):
        with pytest.raises(GuestException, match="ValueError: taps must not be empty"):
            module.new(np.zeros(0, dtype))
        filt = module.new(np.ones(4, dtype))
        for n in (0, 7, 9):
            with pytest.raises(GuestException, match="ValueError: out must be as long as src"):
                filt.run(np.zeros(8, dtype), np.zeros(n, dtype))


def test_refuses_wrong_types(board: Board, natmod: Callable[..., GuestObject]) -> None:
    module = natmod("fir")
    arrays: list[NDArray[Any]] = [np.ones(8, np.float32), np.ones(8, np.int16)]
    for taps, other in (arrays, reversed(arrays)):
        filt = module.new(taps)
        for wrong in (other, taps.astype(np.uint16), b"1234567812345678"):
            with pytest.raises(GuestException, match="TypeError"):
                filt.run(wrong)
            with pytest.raises(GuestException, match="TypeError"):
                filt.run(taps, wrong)
        board.exec("def overlap(f, a):\n    m = memoryview(a)\n    f.run(m[:6], m[2:])\n")
        with pytest.raises(GuestException, match="ValueError: out overlaps src"):
            board.call("overlap", filt, taps)
    with pytest.raises(GuestException, match="TypeError: taps must be array"):
        module.new(np.ones(8, np.int32))
