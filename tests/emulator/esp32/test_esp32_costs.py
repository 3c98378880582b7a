"""Models that the constants of estimates were not fitted to, measured once more on published images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docs import costed_boards
from docs.costed_models import dsp_cases
from docs.costed_small import small_cases
from mpy_harness.board.pool import BoardPool
from mpy_harness.costs.constants import constants
from mpy_harness.costs.fitting import instructions
from mpy_harness.costs.prediction import of_stages
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.targets import Target

pytest.importorskip("sklearn")
HELD_OUT = ("fir_q15:taps=8,block=32", "linear iris, 4 features, 3", "scale 4 features, float32")
#: In percent: where names lie in the firmware's cache of look-ups depends on what a board did before.
LOOK_UPS = 0.3
_SECONDS = 120  # for a boot as well: the board shares two cores with the rest of the tests


@pytest.mark.usefixtures("image")
def test_held_out_models_take_what_is_estimated(
    esp32: Target, build: Callable[[str], NatmodBuild], tmp_path: Path
) -> None:
    build("fir")  # skips where there is no compiler
    cases = [case for case in (*dsp_cases(), *small_cases(HELD_OUT)) if case.name in HELD_OUT]
    assert [case.held_out for case in cases] == [True] * len(HELD_OUT)
    pool = BoardPool(tmp_path, timeout=_SECONDS)
    try:
        found = costed_boards.measure(esp32, cases, pool)
    finally:
        pool.close()
    known = constants().targets[esp32.name]
    if known.toolchain != found["toolchain"]:
        pytest.skip(f"the constants are of another toolchain, {known.toolchain}; here: {found['toolchain']}")
    for case, measured in zip(cases, found["models"], strict=True):
        (estimated,) = of_stages([case.stage], esp32).stages
        took = instructions(measured["counts"])
        assert estimated.instructions == pytest.approx(took, rel=(estimated.error + LOOK_UPS) / 100), case.name
        assert estimated.heap == measured["heap"]
        assert estimated.flash == pytest.approx(measured["file"], abs=8)
        name, file, in_use = measured["module"]
        flash, heap = estimated.modules[name]
        assert flash == file
        assert heap == pytest.approx(in_use, rel=0.02)
