from __future__ import annotations

import math

import numpy as np
import pytest

from mpy_harness.golden import frequency_response_db, metric

NAN, INF = float("nan"), float("inf")


def value(name, got, reference):
    return metric(name).evaluate(np.asarray(got), np.asarray(reference)).value


def f32(*values):
    return np.array(values, np.float32)


def test_max_abs_tells_the_worst_place():
    found = metric("max_abs").evaluate(f32(1, 2, 3), np.array([1.0, 2.5, 2.75]))
    assert (found.value, found.index, found.expected, found.got) == (0.5, 1, 2.5, 2.0)


def test_equal_arrays_have_no_worst_place():
    found = metric("max_abs").evaluate(f32(1, 2), np.array([1.0, 2.0]))
    assert (found.value, found.index) == (0.0, None)


def test_rel_l2_and_snr_are_the_same_figure():
    reference = np.array([3.0, 4.0])
    got = np.array([3.0, 4.05])
    assert value("rel_l2", got, reference) == pytest.approx(0.01)
    assert value("snr", got, reference) == pytest.approx(40.0)


def test_snr_ends_of_the_scale():
    silence = np.zeros(4)
    assert value("snr", silence, silence) == INF
    assert value("snr", silence + 1e-9, silence) == -INF
    assert value("rel_l2", silence + 1e-9, silence) == INF
    assert value("snr", np.ones(4), np.ones(4)) == INF


@pytest.mark.parametrize("name", ["max_abs", "rel_l2", "ulp"])
def test_nan_and_infinity_have_to_be_where_the_reference_has_them(name):
    reference = np.array([NAN, INF, -INF, 1.0])
    assert value(name, f32(NAN, INF, -INF, 1), reference) == 0
    for wrong in (f32(1, INF, -INF, 1), f32(NAN, -INF, -INF, 1), f32(NAN, INF, -INF, NAN), f32(NAN, 3, -INF, 1)):
        assert value(name, wrong, reference) == INF
        assert value("snr", wrong, reference) == -INF
        assert value("exact", wrong, reference) == 1


def test_ulp_is_half_at_most_for_the_nearest_float():
    exact = np.random.default_rng(1).standard_normal(1000) * 10.0 ** np.arange(-20, 30, 0.05)
    nearest = exact.astype(np.float32)
    assert 0.4 < value("ulp", nearest, exact) <= 0.5
    assert 0.5 <= value("ulp", np.nextafter(nearest, f32(INF)), exact) <= 1.5


def test_ulp_of_subnormals_and_zero_counts_subnormal_steps():
    step = 2.0**-149
    assert value("ulp", f32(3 * step, 0.0), np.array([step, 2 * step])) == 2


def test_ulp_takes_floats_and_lsb_integers():
    with pytest.raises(TypeError, match="use lsb"):
        value("ulp", np.array([1]), np.array([1.0]))
    with pytest.raises(TypeError, match="use ulp"):
        value("lsb", f32(1), np.array([1]))


def test_lsb_counts_fractions_of_a_step_without_overflow():
    got = np.array([-32768, 32767, 5], np.int16)
    assert value("lsb", got, np.array([32767, -32768, 5], np.int16)) == 65535
    assert value("lsb", got, np.array([-32768.0, 32767.0, 5.25])) == 0.25


def test_exact_counts_and_minds_the_sign_of_zero():
    assert value("exact", f32(0.0, 1, 2), f32(-0.0, 1, 3)) == 2
    assert value("exact", np.array([1, 2, 3]), np.array([1, 0, 0])) == 2
    assert value("exact", f32(NAN), f32(NAN)) == 0


def test_argmax_counts_rows_and_tells_the_difference():
    reference = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.4, 0.4, 0.2]])
    got = np.array([[0.45, 0.35, 0.2], [0.5, 0.4, 0.1], [0.4, 0.4, 0.2]], np.float32)
    found = metric("argmax").evaluate(got, reference)
    assert (found.value, found.index, found.expected, found.got) == (1, 1, 1, 0)
    assert found.note == "max |Δp| 0.4"
    got[2] = NAN
    assert metric("argmax").evaluate(got, reference).value == 2
    with pytest.raises(TypeError, match="two-dimensional"):
        value("argmax", [0.5, 0.5], [0.5, 0.5])


def test_frequency_response_is_the_gain_error_in_db():
    response = 0.9 ** np.arange(200)
    assert metric("gain").evaluate(response * 1.01, response).value == pytest.approx(20 * math.log10(1.01))
    shifted = np.r_[0.0, response[:-1]]  # a delay changes no gain but for the cut tail
    assert metric("gain").evaluate(shifted, response).value < 1e-6


def test_frequency_response_looks_above_its_floor_only():
    notch = np.array([1.0, 0.0, 1.0])  # no gain at a quarter of the sampling rate
    got = notch + np.array([1e-3, 0.0, 0.0])
    deep, shallow = (frequency_response_db(floor).evaluate(got, notch).value for floor in (-100, -20))
    assert shallow < 0.1 < deep
    with pytest.raises(ValueError, match="silent"):
        metric("gain").evaluate(got, notch * 0)
    assert metric("gain").evaluate(got * NAN, notch).value == INF


def test_margin_has_the_direction_of_the_metric():
    assert metric("max_abs").margin(0.25, 1.0) == 0.75
    assert metric("snr").margin(95.0, 90.0) == 5.0
    assert metric("snr").margin(INF, INF) == 0.0
    assert metric("max_abs").passes(1.0, 1.0)
    assert not metric("max_abs").passes(NAN, 1.0)
    assert not metric("snr").passes(NAN, 90.0)


def test_metrics_do_not_depend_on_numpys_error_settings():
    with np.errstate(all="raise"):
        assert value("max_abs", f32(NAN, INF, 3e38), np.array([NAN, INF, -3e38])) == pytest.approx(6e38)
        assert value("ulp", f32(1e-45), np.array([1e300])) > 0
        assert value("snr", f32(1e-45), np.array([1e-45])) > 0


def test_unknown_metric_names_the_known_ones():
    with pytest.raises(ValueError, match="no metric 'sinad', only max_abs"):
        metric("sinad")
