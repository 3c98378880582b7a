"""Arrays that do not fit each other."""

from __future__ import annotations

import numpy as np
import pytest

from cases.features.correlation import workload
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.errors import GuestException


@pytest.mark.parametrize(
    ("name", "dtype", "outputs"),
    [("correlate", np.int32, 5), ("correlate_f32", np.float32, 5), ("lag", np.int32, 2)],
)
def test_refuses_arrays_that_do_not_fit(name: str, dtype: type[np.generic], outputs: int, natmod: ModuleLoader) -> None:
    call = getattr(natmod(workload.Correlation.folder() / "natmod"), name)
    of = np.float32 if dtype is np.float32 else np.int16
    x, pattern, out = np.zeros(8, of), np.zeros(4, of), np.zeros(outputs, dtype)
    call(x, pattern, out)
    for wrong in ((x[:3], pattern, out), (x, pattern[:0], out), (x[:0], pattern[:0], out)):
        with pytest.raises(GuestException, match="ValueError: the pattern must be no longer than x"):
            call(*wrong)
    for room in (out[:-1], np.r_[out, out]):
        with pytest.raises(GuestException, match="ValueError: out is of the wrong length"):
            call(x, pattern, room)
    for at in range(3):
        other = [x, pattern, out]
        other[at] = other[at].astype(np.uint8)
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            call(*other)
