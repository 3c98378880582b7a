"""Models that the constants of estimates were not fitted to, measured once more: they take what is estimated."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from docs import costed_boards, count_tinymaix, measure_costs
from docs.costed_front_ends import front_end_cases
from docs.costed_models import Case, dsp_cases, tree_cases
from docs.costed_networks import network_cases
from docs.costed_small import small_cases
from mpy_harness.board.pool import BoardPool
from mpy_harness.costs.constants import constants
from mpy_harness.costs.cycles import BESIDE
from mpy_harness.costs.prediction import of_stages
from mpy_harness.targets import DEFAULT_TARGET, load_target

pytest.importorskip("sklearn")
pytest.importorskip("emlearn")
#: None of the long ones.
SHORT = {
    "RandomForest iris, 3 × 5 leaves", "ExtraTrees breast_cancer, 20 × all leaves", "fir:taps=8,block=32",
    "fir_q15:taps=8,block=32", "iir:sections=1,block=64", "fft:n=16", "rfft:n=16", "int16_to_float:n=24",
    "linear iris, 4 features, 3", "nearest wine, 13 features, 8", "neighbours iris, 4 features, 5",
    "gaussians iris, 4 features, 3",
    "machine iris, 4 features, 10", "layers iris, 2 features, 16", "scale 4 features, float32",
    "scale 4 features, int16", "13 | 8 3, int8", "13 | 8 3, float32", "melspec:n=64,bands=8,coefficients=4",
}  # fmt: skip


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardPool]:
    pool = BoardPool(tmp_path_factory.mktemp("boards"))
    yield pool
    pool.close()


def cases() -> list[Case]:
    some = (*tree_cases(SHORT), *dsp_cases(), *small_cases(SHORT), *network_cases(SHORT), *front_end_cases(SHORT))
    return [case for case in some if case.name in SHORT]


def test_held_out_models_take_what_is_estimated(pool: BoardPool) -> None:
    target, committed = load_target(DEFAULT_TARGET), json.loads(measure_costs.MEASURED.read_text(encoding="utf-8"))
    chosen = cases()
    assert {case.name for case in chosen} == SHORT
    assert all(case.held_out for case in chosen)
    found = costed_boards.measure(target, chosen, pool)
    before = committed["targets"][target.name]
    is_same = committed["made_with"] == measure_costs.made_with() and before["toolchain"] == found["toolchain"]
    if not is_same:
        pytest.skip(f"the constants are of another toolchain, {before['toolchain']}; here: {found['toolchain']}")
    for case, measured in zip(chosen, found["models"], strict=True):
        (line,) = (each for each in before["models"] if (each["model"], each["kind"]) == (case.name, case.stage.kind))
        assert measured == line, "python -m docs.measure_costs measures all of them anew"
        for stage in (case.stage, case.guessed):
            if stage is None:
                continue
            (estimated,) = of_stages([stage], target).stages
            took = sum(count for kind, count in measured["counts"].items() if kind not in BESIDE)
            assert estimated.instructions == pytest.approx(took, rel=estimated.error / 100), case.name
            assert estimated.heap == measured["heap"]
            assert estimated.flash == pytest.approx(measured["file"], abs=8)


def test_each_kind_is_measured_again() -> None:
    counted_elsewhere = count_tinymaix.stages(DEFAULT_TARGET).keys()  # they need a checkout
    assert {case.stage.kind for case in cases()} == constants().targets[
        DEFAULT_TARGET
    ].stages.keys() - counted_elsewhere
