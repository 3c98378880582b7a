"""What is special about the transforms: samples that are not finite, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cases.transforms.fft.workload import Kind, forward, relative_bound
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden


@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=["nan", "inf"])
@pytest.mark.parametrize("kind", ["complex", "real"])
def test_not_finite_reaches_every_output(
    kind: Kind, bad: float, form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded
) -> None:
    vectors = golden.vectors("n256")
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
