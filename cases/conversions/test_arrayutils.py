"""Conversions, scaling and limiting: exact where the result is an integer, half a unit else.

A product rounded once to float32 is within half a unit in the last place. Rounded to an integer after
that it is within half a step, plus the half unit (2**-10 below 32768) that the product was off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from guarding import Guarded

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden

INT16_SIGNALS = ["noise", "sweep", "impulse", "step", "silence", "full_scale", "smallest", "every_kind"]
FLOAT_SIGNALS = [
    "noise", "sweep", "impulse", "step", "silence", "subnormal", "full_scale", "loud", "halves", "ends", "special",
]  # fmt: skip

Natmod = Callable[..., GuestObject]


@pytest.mark.parametrize("signal", INT16_SIGNALS)
def test_int16_to_float(signal: str, form: str, natmod: Natmod, golden: Golden, guarded: Guarded) -> None:
    vectors = golden.vectors("arrayutils/from_int16")
    module, x = natmod("arrayutils", form=form), vectors[f"{signal}_in"]
    case = f"arrayutils/int16_to_float/{signal}"
    got = guarded.call(module, "int16_to_float", x, ..., out=("f", x.size))
    golden.check(got, vectors[f"{signal}_float"], case=case, metric="ulp", limit=0, form=form)
    got = guarded.call(module, "int16_to_float", x, ..., float(vectors["scale"][0]), out=("f", x.size))
    golden.check(got, vectors[f"{signal}_scaled_float"], case=f"{case}/gain", metric="ulp", limit=0.5, form=form)


@pytest.mark.parametrize("signal", FLOAT_SIGNALS)
def test_float_to_int16(
    signal: str, form: str, natmod: Natmod, golden: Golden, guarded: Guarded, rounds_like_native: bool
) -> None:
    vectors = golden.vectors("arrayutils/from_float")
    module, x = natmod("arrayutils", form=form), vectors[f"{signal}_in"]
    case = f"arrayutils/float_to_int16/{signal}"
    got = guarded.call(module, "float_to_int16", x, ..., out=("h", x.size))
    golden.check(got, vectors[f"{signal}_int16"], case=case, metric="exact", limit=0, form=form)
    golden.check(got, vectors[f"{signal}_exact_int16"], case=case, metric="lsb", limit=0.5, form=form)
    if rounds_like_native:
        scale = float(np.float32(10000) * vectors["scale"][0])
        got = guarded.call(module, "float_to_int16", x, ..., scale, out=("h", x.size))
        golden.check(got, vectors[f"{signal}_scaled_int16"], case=f"{case}/gain", metric="exact", limit=0, form=form)


@pytest.mark.parametrize("signal", FLOAT_SIGNALS)
def test_scale_float(signal: str, form: str, natmod: Natmod, golden: Golden, guarded: Guarded) -> None:
    vectors = golden.vectors("arrayutils/from_float")
    module, x, factor = natmod("arrayutils", form=form), vectors[f"{signal}_in"], float(vectors["scale"][0])
    got = guarded.call(module, "scale", x, factor, ..., out=("f", x.size))
    case = f"arrayutils/scale/{signal}"
    golden.check(got, vectors[f"{signal}_scaled"], case=case, metric="ulp", limit=0.5, form=form)


@pytest.mark.parametrize("signal", INT16_SIGNALS)
def test_scale_int16(
    signal: str, form: str, natmod: Natmod, golden: Golden, guarded: Guarded, rounds_like_native: bool
) -> None:
    vectors = golden.vectors("arrayutils/from_int16")
    module, x, gain = natmod("arrayutils", form=form), vectors[f"{signal}_in"], float(vectors["gain"][0])
    got = guarded.call(module, "scale", x, gain, ..., out=("h", x.size))
    case = f"arrayutils/scale_int16/{signal}"
    exact = np.clip(x * gain, -32768, 32767)
    golden.check(got, exact, case=case, metric="lsb", limit=0.5 + 2.0**-10, form=form)
    if rounds_like_native:
        golden.check(got, vectors[f"{signal}_scaled"], case=case, metric="exact", limit=0, form=form)


@pytest.mark.parametrize("signal", FLOAT_SIGNALS)
def test_clip_float(signal: str, form: str, natmod: Natmod, golden: Golden, guarded: Guarded) -> None:
    vectors = golden.vectors("arrayutils/from_float")
    module, x = natmod("arrayutils", form=form), vectors[f"{signal}_in"]
    got = guarded.call(module, "clip", x, -0.25, 0.5, ..., out=("f", x.size))
    case = f"arrayutils/clip/{signal}"
    golden.check(got, vectors[f"{signal}_clipped"], case=case, metric="exact", limit=0, form=form)


@pytest.mark.parametrize("signal", INT16_SIGNALS)
def test_clip_int16(signal: str, form: str, natmod: Natmod, golden: Golden, guarded: Guarded) -> None:
    vectors = golden.vectors("arrayutils/from_int16")
    module, x = natmod("arrayutils", form=form), vectors[f"{signal}_in"]
    got = guarded.call(module, "clip", x, -1000, 20000, ..., out=("h", x.size))
    case = f"arrayutils/clip_int16/{signal}"
    golden.check(got, vectors[f"{signal}_clipped"], case=case, metric="exact", limit=0, form=form)


def test_in_place(form: str, natmod: Natmod, golden: Golden, guarded: Guarded) -> None:
    floats, integers = golden.vectors("arrayutils/from_float"), golden.vectors("arrayutils/from_int16")
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
