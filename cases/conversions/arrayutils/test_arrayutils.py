"""What is special about the conversions: work in place, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mpy_harness.board.board import Board
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden

Natmod = Callable[..., GuestObject]


def test_in_place(form: str, natmod: Natmod, golden: Golden, guarded: Guarded) -> None:
    floats, integers = golden.vectors("from_float"), golden.vectors("from_int16")
    module = natmod("arrayutils", form=form)
    for vectors, code, name, arguments, expected, kind, metric, limit in (
        (floats, "f", "scale", (float(floats["scale"][0]),), "scaled", "scale", "ulp", 0.5),
        (floats, "f", "clip", (-0.25, 0.5), "clipped", "clip", "exact", 0),
        (integers, "h", "scale", (float(integers["gain"][0]),), "scaled", "scale_int16", "lsb", 1),
        (integers, "h", "clip", (-1000, 20000), "clipped", "clip_int16", "exact", 0),
    ):
        x = vectors["noise_in"]
        got = guarded.call(module, name, ..., *arguments, out=(code, x.size), filled=x)
        case = f"arrayutils/{kind}/noise_in_place"
        golden.check(got, vectors[f"noise_{expected}"], case=case, metric=metric, limit=limit, form=form)


CALLS: list[tuple[str, type[Any], type[Any], tuple[float, ...]]] = [
    ("int16_to_float", np.int16, np.float32, ()),
    ("float_to_int16", np.float32, np.int16, ()),
    ("scale", np.float32, np.float32, (0.5,)),
    ("scale", np.int16, np.int16, (0.5,)),
    ("clip", np.float32, np.float32, (-1.0, 1.0)),
    ("clip", np.int16, np.int16, (-1, 1)),
]


def test_refuses_wrong_lengths(form: str, natmod: Natmod) -> None:
    module = natmod("arrayutils", form=form)
    for name, source, result, arguments in CALLS:
        # float_to_int16 has its scale last
        for n in (0, 7, 9):
            with pytest.raises(GuestException, match="ValueError: out must be as long as src"):
                getattr(module, name)(np.ones(8, source), *arguments, np.ones(n, result))


def test_refuses_wrong_types(natmod: Natmod) -> None:
    module = natmod("arrayutils")
    for name, source, result, arguments in CALLS:
        for wrong in (np.ones(8, np.uint16), np.ones(8, np.int32), bytes(16), 1.5):
            with pytest.raises(GuestException, match="TypeError"):
                getattr(module, name)(wrong, *arguments, np.ones(8, result))
            with pytest.raises(GuestException, match="TypeError"):
                getattr(module, name)(np.ones(8, source), *arguments, wrong)
        other = np.int16 if result is np.float32 else np.float32
        with pytest.raises(GuestException, match="TypeError: expected array"):
            getattr(module, name)(np.ones(8, source), *arguments, np.ones(8, other))


def test_refuses_wrong_limits(form: str, natmod: Natmod) -> None:
    module = natmod("arrayutils", form=form)
    with pytest.raises(GuestException, match="ValueError: low must not be above high"):
        module.clip(np.ones(8, np.int16), 2, 1)
    for limits in ((1.0, -1.0), (float("nan"), 1.0), (0.0, float("nan"))):
        with pytest.raises(GuestException, match="ValueError: low must not be above high"):
            module.clip(np.ones(8, np.float32), *limits)
    if form == "native":
        with pytest.raises(GuestException, match="ValueError: limit outside -32768"):
            module.clip(np.ones(8, np.int16), -40000, 0)


def test_refuses_overlap(board: Board, natmod: Natmod) -> None:
    board.exec(
        "def overlap(module, name, a, b, *args):\n"
        "    m = memoryview(a)\n"
        "    getattr(module, name)(m[:6], *args, m[2:8])\n"
    )
    module = natmod("arrayutils")
    for name, source, result, arguments in CALLS[2:]:
        with pytest.raises(GuestException, match="ValueError: out overlaps src"):
            board.call("overlap", module, name, np.ones(8, source), np.ones(8, result), *arguments)
