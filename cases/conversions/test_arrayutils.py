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
    golden.check(got, vectors[f"{signal}_scaled_float"], case=f"{case}/scale", metric="ulp", limit=0.5, form=form)


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
        golden.check(got, vectors[f"{signal}_scaled_int16"], case=f"{case}/scale", metric="exact", limit=0, form=form)


@pytest.mark.parametrize("in_place", [False, True], ids=["out", "in_place"])
@pytest.mark.parametrize("signal", FLOAT_SIGNALS)
def test_scale_float(signal: str, in_place: bool, form: str, natmod: Natmod, golden: Golden, guarded: Guarded) -> None:
    vectors = golden.vectors("arrayutils/from_float")
    got = apply(guarded, natmod("arrayutils", form=form), "scale", vectors[f"{signal}_in"], in_place, vectors["scale"])
    golden.check(
        got, vectors[f"{signal}_scaled"], case=f"arrayutils/scale/{signal}", metric="ulp", limit=0.5, form=form
    )


@pytest.mark.parametrize("in_place", [False, True], ids=["out", "in_place"])
@pytest.mark.parametrize("signal", INT16_SIGNALS)
def test_scale_int16(
    signal: str,
    in_place: bool,
    form: str,
    natmod: Natmod,
    golden: Golden,
    guarded: Guarded,
    rounds_like_native: bool,
) -> None:
    vectors = golden.vectors("arrayutils/from_int16")
    x, case = vectors[f"{signal}_in"], f"arrayutils/scale_int16/{signal}"
    got = apply(guarded, natmod("arrayutils", form=form), "scale", x, in_place, vectors["gain"])
    exact = np.clip(x * float(vectors["gain"][0]), -32768, 32767)
    golden.check(got, exact, case=case, metric="lsb", limit=0.5 + 2.0**-10, form=form)
    if rounds_like_native:
        golden.check(got, vectors[f"{signal}_scaled"], case=case, metric="exact", limit=0, form=form)


@pytest.mark.parametrize("in_place", [False, True], ids=["out", "in_place"])
@pytest.mark.parametrize("signal", FLOAT_SIGNALS)
def test_clip_float(signal: str, in_place: bool, form: str, natmod: Natmod, golden: Golden, guarded: Guarded) -> None:
    vectors = golden.vectors("arrayutils/from_float")
    x = vectors[f"{signal}_in"]
    got = apply(guarded, natmod("arrayutils", form=form), "clip", x, in_place, [-0.25, 0.5])
    golden.check(
        got, vectors[f"{signal}_clipped"], case=f"arrayutils/clip/{signal}", metric="exact", limit=0, form=form
    )


@pytest.mark.parametrize("in_place", [False, True], ids=["out", "in_place"])
@pytest.mark.parametrize("signal", INT16_SIGNALS)
def test_clip_int16(signal: str, in_place: bool, form: str, natmod: Natmod, golden: Golden, guarded: Guarded) -> None:
    vectors = golden.vectors("arrayutils/from_int16")
    x = vectors[f"{signal}_in"]
    got = apply(guarded, natmod("arrayutils", form=form), "clip", x, in_place, [-1000, 20000])
    golden.check(
        got, vectors[f"{signal}_clipped"], case=f"arrayutils/clip_int16/{signal}", metric="exact", limit=0, form=form
    )


def apply(guarded: Guarded, module: GuestObject, name: str, x: Any, in_place: bool, arguments: Any) -> Any:
    """Call a function of (src, arguments..., [out]) in place or into an output."""
    values = [a.item() if isinstance(a, np.generic) else a for a in arguments]
    out = ("f" if x.dtype == np.float32 else "h", x.size)
    if in_place:
        return guarded.call(module, name, ..., *values, out=out, filled=x)
    return guarded.call(module, name, x, *values, ..., out=out)


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
        with pytest.raises(GuestException, match="ValueError: limit outside -32768..32767"):
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
