from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from mpy_harness.errors import GuestFailure, Mismatch
from mpy_harness.golden import CaseResult, Evaluation, Golden, Metric


@pytest.fixture
def recorded() -> list[CaseResult]:
    return []


@pytest.fixture
def golden(tmp_path, recorded) -> Golden:
    return Golden("m33", "armv7emsp", tmp_path, recorded.append)


ONE = np.array([1.0, 2.0, 3.0], np.float32)


def test_a_passed_check_is_recorded_and_returned(golden, recorded):
    result = golden.check(ONE, ONE + 0.25, case="x/y/z", metric="max_abs", limit=1, form="native")
    assert recorded == [result]
    assert result.passed
    assert (result.case, result.form, result.target, result.arch) == ("x/y/z", "native", "m33", "armv7emsp")
    assert (result.value, result.limit, result.margin, result.better) == (0.25, 1.0, 0.75, "lower")
    json.dumps(asdict(result))


def test_a_failed_check_is_recorded_and_tells_all(golden, recorded):
    with pytest.raises(Mismatch) as caught:
        golden.check(ONE, [1.0, 5.0, 3.5], case="x/y/z", metric="max_abs", limit=1, form="python")
    assert not recorded[0].passed
    text = str(caught.value)
    assert "x/y/z (m33 python): max_abs 3, at most 1 wanted, margin -2" in text
    assert "worst at index 1: expected 5, got 2" in text
    assert "2 of 3 elements differ" in text
    assert "[2] expected 3.5, got 3" in text
    assert isinstance(caught.value, AssertionError)
    assert isinstance(caught.value, GuestFailure)


@pytest.mark.parametrize(
    ("got", "reference", "words"),
    [
        (None, ONE, "returned None: does it work in place?"),
        (None, np.nan, "returned None: does it work in place?"),
        ([None] * 3, [np.nan] * 3, "something that is no number"),
        ([], [], "no elements: nothing was computed"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "no elements: nothing was computed"),
        (ONE[:0], ONE, "0 elements instead of 3"),
    ],
)
@pytest.mark.parametrize("metric", ["max_abs", "rel_l2", "snr", "exact", "probability", "argmax", "gain"])
def test_nothing_computed_is_never_right(golden, recorded, got, reference, words, metric):
    limit = -np.inf if metric == "snr" else np.inf
    with pytest.raises(Mismatch) as caught:
        golden.check(got, reference, case="x", metric=metric, limit=limit)
    assert words in str(caught.value)
    assert not recorded[0].passed


def test_a_reference_of_nothing_is_a_mistake(golden):
    with pytest.raises(TypeError, match="the reference of x is no array of numbers"):
        golden.check(ONE, None, case="x", metric="exact", limit=0)


def test_the_worst_elements_are_shown_not_the_first(golden):
    reference = np.zeros(50, np.int16)
    got = np.ones(50, np.int16)
    got[[40, 7, 30, 20, 49]] = [9, 8, 7, 6, 5]
    with pytest.raises(Mismatch) as caught:
        golden.check(got, reference, case="x", metric="lsb", limit=3)
    text = str(caught.value)
    assert "50 of 50 elements differ, the worst first:" in text
    shown = [line.split("]")[0].strip(" [") for line in text.splitlines() if line.strip().startswith("[")]
    assert shown == ["40", "7", "30", "20", "49"]
    assert "[40] expected 0, got 9" in text


def test_argmax_shows_the_samples_that_disagree(golden):
    reference = np.eye(4)[[0, 1, 2, 3, 0, 1]]
    got = np.eye(4)[[0, 1, 3, 3, 0, 2]] * 0.9 + 0.01
    with pytest.raises(Mismatch) as caught:
        golden.check(got, reference, case="x", metric="argmax", limit=1)
    text = str(caught.value)
    assert "2 of 6 samples differ" in text
    assert "[2] expected 2, got 3" in text
    assert "[5] expected 1, got 2" in text
    assert "elements" not in text


def test_a_metric_of_ones_own_shows_the_worst_elements_as_well(golden):
    mine = Metric("mine", "V", "lower", lambda got, reference: Evaluation(float(abs(got - reference).sum())))
    with pytest.raises(Mismatch, match=r"(?s)3 of 3 elements differ, the worst first:\n *\[2\] expected 9, got 3"):
        golden.check(ONE, [1.5, 1.0, 9.0], case="x", metric=mine, limit=1)


def test_a_name_stands_for_one_thing_in_a_test(golden, recorded):
    for block in (ONE, 2 * ONE):  # a loop over blocks is one case, of which the worst counts
        golden.check(block, block, case="x", metric="exact", limit=0)
    golden.check(2 * ONE, ONE, case="x", metric="max_abs", limit=9)
    golden.check(ONE, ONE, case="x", metric="exact", limit=0, form="native")
    golden.check(ONE, ONE, case="x", metric="exact", limit=0)  # the same once more
    with pytest.raises(ValueError, match=r"'x' was checked against another reference at .*test_golden_cases.py:\d+"):
        golden.check(3 * ONE, 3 * ONE, case="x", metric="exact", limit=0)
    assert len(recorded) == 5


def test_higher_is_better_for_snr(golden):
    assert golden.check(ONE, ONE, case="x", metric="snr", limit=90).margin == np.inf
    with pytest.raises(Mismatch, match=r"snr 2\d\.\d+ dB, at least 90 dB wanted, margin -6"):
        golden.check(ONE, ONE * 1.08, case="y", metric="snr", limit=90)


@pytest.mark.parametrize("metric", ["max_abs", "snr", "exact"])
def test_another_number_of_elements_fails_whatever_the_limit(golden, recorded, metric):
    limit = -np.inf if metric == "snr" else np.inf
    with pytest.raises(Mismatch, match="2 elements instead of 3"):
        golden.check(ONE[:2], ONE, case="x", metric=metric, limit=limit)
    assert not recorded[0].passed


def test_a_flat_result_takes_the_references_shape(golden):
    reference = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert golden.check(reference.ravel(), reference, case="x", metric="argmax", limit=0).note == "max |Δp| 0"


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"m33": 1, "armv7emsp": 2, "native": 3, "f32": 4, "default": 5}, 1),
        ({"armv7emsp": 2, "native": 3, "f32": 4, "default": 5}, 2),
        ({"native": 3, "f32": 4, "default": 5}, 3),
        ({"f32": 4, "q15": 7, "default": 5}, 4),
        ({"armv6m": 9, "default": 5}, 5),
    ],
)
def test_the_most_particular_limit_counts(golden, limits, expected):
    assert golden.check(ONE, ONE, case="x", metric="max_abs", limits=limits, form="native").limit == expected


def test_limits_by_number_format(golden):
    limits = {"f32": 1e-6, "q15": 2, "q31": 3}
    for dtype, expected in ((np.float32, 1e-6), (np.int16, 2), (np.int32, 3)):
        assert golden.check(ONE.astype(dtype), ONE, case="x", metric="max_abs", limits=limits).limit == expected


def test_a_check_without_a_limit_is_a_mistake(golden):
    with pytest.raises(TypeError, match="either limit"):
        golden.check(ONE, ONE, case="x", metric="max_abs")
    with pytest.raises(TypeError, match="either limit"):
        golden.check(ONE, ONE, case="x", metric="max_abs", limit=1, limits={"f32": 1})
    with pytest.raises(ValueError, match="limits has none of m33, armv7emsp, f32, default, only q15"):
        golden.check(ONE, ONE, case="x", metric="max_abs", limits={"q15": 1})


def test_nan_never_passes(golden):
    nan = Metric("mine", "V", "lower", lambda _got, _reference: Evaluation(float("nan")))
    with pytest.raises(Mismatch):
        golden.check(ONE, ONE, case="x", metric=nan, limit=np.inf)


def test_scalars_and_booleans_can_be_checked(golden):
    assert golden.check(94.5, 94.6, case="x", metric="max_abs", limit=0.5).passed
    with pytest.raises(Mismatch, match="1 of 2 elements differ"):
        golden.check(np.array([True, False]), np.array([True, True]), case="y", metric="exact", limit=0)


def test_a_limit_that_is_no_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a limit of NaN can be kept by nothing"):
        Golden("m33", "armv7emsp", tmp_path).check([1.0], [1.0], case="x", metric="max_abs", limit=float("nan"))


def test_instructions_are_recorded_and_shared_among_the_results_elements(tmp_path, recorded):
    golden = Golden("m33", "armv7emsp", tmp_path, recorded.append, iter([600, 60, None, 6]).__next__)
    first = golden.check(ONE, ONE, case="x", metric="exact", limit=0)
    assert (first.instructions, first.values) == (600, 3)
    second = golden.check(np.ones((2, 3)), np.ones((2, 3)), case="y", metric="exact", limit=0, per=2)
    assert (second.instructions, second.values) == (60, 2)
    assert golden.check(1.0, 1.0, case="x", metric="max_abs", limit=0).instructions is None
    with pytest.raises(Mismatch):
        golden.check(ONE[:2], ONE, case="x", metric="exact", limit=0)
    assert [(result.instructions, result.values) for result in recorded] == [(600, 3), (60, 2), (None, 1), (6, 2)]


@pytest.mark.parametrize("per", [0, -1])
def test_instructions_are_for_one_value_at_least(golden, recorded, per):
    with pytest.raises(ValueError, match=f"at least 1, not {per}"):
        golden.check(ONE, ONE, case="x", metric="exact", limit=0, per=per)
    assert not recorded
