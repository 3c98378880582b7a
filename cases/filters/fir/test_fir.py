"""What is special about the FIR filters: state, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mpy_harness.board.board import Board
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden


def test_reset(form: str, natmod: Callable[..., GuestObject], golden: Golden, guarded: Guarded) -> None:
    for design in ("lowpass", "lowpass_q15"):
        vectors = golden.vectors(design)
        filt = natmod("fir", form=form).new(vectors["taps"])
        x = vectors["noise_in"][:256]
        first = guarded.run(filt, "run", x, [x.size], counted=False)
        assert not np.array_equal(guarded.run(filt, "run", x, [x.size], counted=False), first)
        filt.reset()
        again = guarded.run(filt, "run", x, [x.size])
        golden.check(again, first, case=f"fir/{design}/reset", metric="exact", limit=0, form=form)


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
