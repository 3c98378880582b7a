"""What is special about the biquads: samples that are not finite, state, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mpy_harness.board.board import Board
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf], ids=["nan", "inf", "minus_inf"])
def test_not_finite_stays_until_reset(
    bad: float, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded
) -> None:
    vectors = golden.vectors("a_weighting")
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
    weighting, highpass = golden.vectors("a_weighting"), golden.vectors("highpass_100hz")
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
