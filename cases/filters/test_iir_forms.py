"""One filter, written in every way that MicroPython knows: what each of them takes.

The filter is the A-weighting of test_iir.py, three biquads, on 512 samples of noise. All forms are held against
SciPy in float64, to the same 90 dB; those in float32 also to the bits that float32 gives for this algorithm.

- ``python``: natmods/iir/iir_python.py, bytecode, a section at a time
- ``fused``: bytecode, all sections in one loop over the array
- ``@native``: the first with its loop decorated with ``@micropython.native``
- ``viper``: the same in viper, for which floats are objects like any other
- ``fixed``: viper on integers, samples in Q26
- ``asm``: inline assembler for the FPU
- ``native``: the native module

The sources are in natmods/iir and iir_forms. Counted is the call that filters the block.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from guarding import Guarded
from numpy.typing import NDArray

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden
from mpy_harness.resources import natmods_dir

FORMS = ["python", "fused", "@native", "viper", "fixed", "asm", "native"]
SOURCES = {"fused": "fused.py", "viper": "viper.py", "fixed": "fixed.py", "asm": "assembler.py"}
FOLDER = Path(__file__).with_name("iir_forms")

SAMPLES = 512
Q26, Q30 = 2.0**26, 2.0**30

Natmod = Callable[..., GuestObject]


def load(form: str, board: Board, natmod: Natmod) -> GuestObject:
    """Return the module in the guest. Skip the test on firmware that has no such emitter."""
    if form in {"python", "native"}:
        return natmod("iir", form=form)
    if form == "@native":
        source = (natmods_dir() / "iir" / "iir_python.py").read_text(encoding="utf-8")
        assert source.count("    def run(") == 1
        source = source.replace("    def run(", "    @micropython.native\n    def run(")
    else:
        source = (FOLDER / SOURCES[form]).read_text(encoding="utf-8")
    board.files.put(source.encode(), "/forms/iir_form.py")
    try:
        return board.import_module("iir_form", "/forms/iir_form.py")
    except GuestException as error:
        if "SyntaxError" in str(error) and board.target.natmod.arch != "armv7emsp":
            pytest.skip(f"this firmware has no emitter for the form {form}: {error}")
        raise


def fixed_point(sos: NDArray[np.float32], x: NDArray[np.int32]) -> NDArray[np.int32]:
    """Filter Q26 samples as iir_forms/fixed.py does, in integers of any size."""

    def product(c: int, v: int) -> int:
        high, low = c >> 16, c & 0xFFFF
        return (high * (v >> 16) << 2) + (high * (v & 0xFFFF) >> 14) + (low * (v >> 16) >> 14)

    y = [int(v) for v in x]
    for section in sos.reshape(-1, 6):
        b0, b1, b2, _, a1, a2 = (int(v) for v in np.rint(section.astype(np.float64) * Q30))
        s1 = s2 = 0
        for i, v in enumerate(y):
            out = product(b0, v) + s1
            s1 = product(b1, v) + s2 + product(-a1, out)
            s2 = product(b2, v) + product(-a2, out)
            y[i] = out
    return np.array(y, np.int32)  # raises OverflowError for what does not fit


@pytest.mark.parametrize("form", FORMS)
def test_form(
    form: str, board: Board, natmod: Natmod, golden: Golden, guarded: Guarded, rounds_like_native: bool
) -> None:
    vectors = golden.vectors("iir/a_weighting")
    x, reference = vectors["noise_in"][:SAMPLES], vectors["noise_ref"][:SAMPLES]
    filt = load(form, board, natmod).new(vectors["sos"])
    case = "iir_forms/a_weighting"
    if form == "fixed":
        words = np.rint(x.astype(np.float64) * Q26).astype(np.int32)
        got = guarded.run(filt, "run", words, [SAMPLES])
        golden.check(got / Q26, reference, case=case, metric="snr", limit=90, form=form)
        model = fixed_point(vectors["sos"], words)
        golden.check(got, model, case=f"{case}/q26", metric="exact", limit=0, form=form)
        return
    got = guarded.run(filt, "run", x, [SAMPLES])
    golden.check(got, reference, case=case, metric="snr", limit=90, form=form)
    if rounds_like_native:
        golden.check(got, vectors["noise_f32"][:SAMPLES], case=f"{case}/f32", metric="exact", limit=0, form=form)
