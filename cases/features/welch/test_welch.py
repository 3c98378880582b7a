"""Arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cases.features.welch import workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.Welch.folder() / "natmod")
    samples, window, out = np.zeros(20, np.int16), np.zeros(8, np.float32), np.zeros(10, np.float32)
    module.windowed(samples, 12, window, out)
    wrong: list[tuple[Any, ...]] = [
        ("windowed", samples, 13, window, out),
        ("windowed", samples, -1, window, out),
        ("windowed", samples, 2**30, window, out),
        ("windowed", samples, 0, window, out[:-1]),
        ("windowed", samples, 0, window[:0], out[:2]),
        ("add_power", out, window[:4]),
        ("scale", window[:1], window[:1]),
        ("scale", window, window[:2]),
    ]
    for name, *arguments in wrong:
        with pytest.raises(GuestException, match="ValueError: arrays do not fit each other"):
            getattr(module, name)(*arguments)
    wrong = [("windowed", window, 0, window, out), ("add_power", samples, window)]
    for name, *arguments in wrong:
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            getattr(module, name)(*arguments)
