"""Cascaded biquads against scipy.signal.sosfilt in float64.

Three figures a case: the SNR against SciPy, whether every sample is, bit for bit, what float32 arithmetic
gives for this algorithm (a model in NumPy, cases/making/filters.py), and for impulses the error of the gain.

A-weighting keeps 90 dB and more for every signal. Where a design cannot, the model shows that float32
cannot, whoever computes: its SNR is the limit then.

- ``a_weighting_zpk2sos``: 86 dB. SciPy puts the two poles at 20.6 Hz (z = 0.99194) into one section.
  float32 coefficients make 0.99194 +- 0.00024j of them, and the roundoff of that section's state is
  amplified by both. The same filter with these poles in different sections, ``a_weighting``, keeps 112 dB.
- ``highpass_100hz``, step: 86 dB. The response dies out, and what is left is the roundoff of its beginning.
- ``highpass_16khz``: 29 to 76 dB. 1 + a1 + a2 is 3.9e-8, a third of a float32 step of a1: rounded it is 0,
  and a pole that belongs at 0.99986 lies on z = 1. Filter at a lower rate, or in float64.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from guarding import Guarded, block_sizes

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden, Vectors, frequency_response_db, metric

DESIGNS = ["a_weighting", "a_weighting_zpk2sos", "highpass_100hz", "highpass_16khz"]
SIGNALS = ["noise", "sweep", "impulse", "step", "silence", "subnormal", "full_scale", "loud"]
ALWAYS_90_DB = ["a_weighting"]

# A gain error is told where the gain is above this, relative to the greatest gain.
FLOOR_DB = -40.0


def snr_limit(vectors: Vectors, design: str, signal: str) -> float:
    """Return 90 dB, or what a float32 model reaches less half a dB where that is below."""
    if design in ALWAYS_90_DB:
        return 90.0
    reached = metric("snr").evaluate(vectors[f"{signal}_f32"], vectors[f"{signal}_ref"]).value
    return min(90.0, reached - 0.5)


def gain_limit_db(vectors: Vectors) -> float:
    """Return how far the gain can be off above the floor when the impulse response is off as float32 is.

    No bin of the error's spectrum exceeds the sum of the error's magnitudes.
    """
    reference = vectors["impulse_ref"]
    error = np.abs(vectors["impulse_f32"] - reference).sum()
    floor = np.abs(np.fft.rfft(reference, 8192)).max() * 10 ** (FLOOR_DB / 20)
    return float(-20 * np.log10(1 - error / floor))


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("design", DESIGNS)
def test_signal(
    design: str,
    signal: str,
    form: str,
    natmod: Callable[..., GuestObject],
    golden: Golden,
    guarded: Guarded,
    rounds_like_native: bool,
) -> None:
    vectors = golden.vectors(f"iir/{design}")
    filt = natmod("iir", form=form).new(vectors["sos"])
    x = vectors[f"{signal}_in"]
    got = guarded.run(filt, "run", x, [x.size])
    case = f"iir/{design}/{signal}"
    golden.check(
        got,
        vectors[f"{signal}_ref"],
        case=case,
        metric="snr",
        limit=snr_limit(vectors, design, signal),
        form=form,
    )
    if rounds_like_native:
        golden.check(got, vectors[f"{signal}_f32"], case=f"{case}/f32", metric="exact", limit=0, form=form)


@pytest.mark.parametrize("design", ["a_weighting", "highpass_100hz"])
def test_gain_over_frequency(
    design: str, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded
) -> None:
    vectors = golden.vectors(f"iir/{design}")
    x = vectors["impulse_in"]
    got = guarded.run(natmod("iir", form=form).new(vectors["sos"]), "run", x, [x.size])
    golden.check(
        got,
        vectors["impulse_ref"],
        case=f"iir/{design}/gain",
        metric=frequency_response_db(FLOOR_DB),
        limit=gain_limit_db(vectors),
        form=form,
    )


@pytest.mark.parametrize("in_place", [False, True], ids=["out", "in_place"])
@pytest.mark.parametrize("split", ["one", "many", "random"])
def test_blocks(
    split: str,
    in_place: bool,
    form: str,
    natmod: Callable[..., GuestObject],
    golden: Golden,
    guarded: Guarded,
    rounds_like_native: bool,
) -> None:
    vectors = golden.vectors("iir/a_weighting")
    filt = natmod("iir", form=form).new(vectors["sos"])
    x = vectors["noise_in"]
    got = guarded.run(filt, "run", x, block_sizes(split, x.size), in_place=in_place)
    case = f"iir/a_weighting/{'in_place' if in_place else 'blocks'}_{split}"
    golden.check(got, vectors["noise_ref"], case=case, metric="snr", limit=90, form=form)
    if rounds_like_native:
        golden.check(got, vectors["noise_f32"], case=f"{case}/f32", metric="exact", limit=0, form=form)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf], ids=["nan", "inf", "minus_inf"])
def test_not_finite_stays_until_reset(
    bad: float, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded
) -> None:
    vectors = golden.vectors("iir/a_weighting")
    filt = natmod("iir", form=form).new(vectors["sos"])
    x = vectors["noise_in"][:512].copy()
    x[300] = bad
    got = guarded.run(filt, "run", x, [512])
    case = f"iir/a_weighting/{bad}"
    golden.check(
        got[:300], vectors["noise_ref"][:300], case=f"{case}/before", metric="snr", limit=90, form=form, per=x.size
    )
    assert not np.isfinite(got[300:]).any()
    assert not np.isfinite(guarded.run(filt, "run", vectors["noise_in"][:64], [64], counted=False)).any()
    filt.reset()
    got = guarded.run(filt, "run", vectors["noise_in"], [2048])
    golden.check(got, vectors["noise_ref"], case=f"{case}/after_reset", metric="snr", limit=90, form=form)


def test_filters_do_not_share_state(natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded) -> None:
    weighting, highpass = golden.vectors("iir/a_weighting"), golden.vectors("iir/highpass_100hz")
    module = natmod("iir")
    filters = [(design, module.new(design["sos"])) for design in (weighting, highpass)]
    for at in range(0, 2048, 512):
        block = slice(at, at + 512)
        for which, (vectors, filt) in zip("ab", filters, strict=True):
            got = guarded.run(filt, "run", vectors["noise_in"][block], [512])
            case = f"iir/two_filters/{at}{which}"
            golden.check(got, vectors["noise_f32"][block], case=case, metric="exact", limit=0, form="native")


SOS = np.array([1, 0, 0, 1, 0, 0], np.float32)


def test_refuses_wrong_coefficients(form: str, natmod: Callable[..., GuestObject]) -> None:
    module = natmod("iir", form=form)
    for sos in (SOS[:0], SOS[:5], np.r_[SOS, SOS[:1]]):
        with pytest.raises(GuestException, match="ValueError: sos must hold 6 numbers a section"):
            module.new(sos)
    with pytest.raises(GuestException, match="ValueError: a0 of every section must be 1"):
        module.new(np.r_[SOS, SOS * 2])


def test_refuses_wrong_lengths(form: str, natmod: Callable[..., GuestObject]) -> None:
    filt = natmod("iir", form=form).new(SOS)
    for n in (0, 7, 9):
        with pytest.raises(GuestException, match="ValueError: out must be as long as src"):
            filt.run(np.zeros(8, np.float32), np.zeros(n, np.float32))


def test_refuses_wrong_types(board: Board, natmod: Callable[..., GuestObject]) -> None:
    module = natmod("iir")
    x = np.zeros(8, np.float32)
    for wrong in (x.astype(np.int16), x.astype(np.float64), b"12345678"):
        with pytest.raises(GuestException, match="TypeError"):
            module.new(wrong)
        with pytest.raises(GuestException, match="TypeError"):
            module.new(SOS).run(wrong)
        with pytest.raises(GuestException, match="TypeError"):
            module.new(SOS).run(x, wrong)
    board.exec("def overlap(f, a):\n    m = memoryview(a)\n    f.run(m[:6], m[2:])\n")
    with pytest.raises(GuestException, match="ValueError: out overlaps src"):
        board.call("overlap", module.new(SOS), x)
