"""Classifiers by k nearest neighbours: what is sorted in is what the native module does, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from mpy_harness.costs import neighbours
from mpy_harness.costs.estimators import estimator_stages
from mpy_harness.errors import ModelInvalid

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install scikit-learn")

from sklearn.neighbors import KNeighborsClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

RANDOM = np.random.default_rng(1)
PLACES = RANDOM.integers(-20, 20, (70, 3)).astype(np.float64)
SAMPLES = RANDOM.integers(-20, 20, (9, 3)).astype(np.float64)
CLASSES = (PLACES[:, 0] > 0).astype(int)


def one_by_one(samples, places, k, left_out=None):
    """Sort in as neighbours.c does it."""
    kept = moved = 0
    for number, sample in enumerate(samples):
        squares: list[float] = []
        for index, place in enumerate(places):
            if left_out is not None and left_out[number] == index:
                continue
            square = float(((sample - place) ** 2).sum())
            if len(squares) == k and square >= squares[-1]:
                continue
            kept += 1
            at = len(squares) if len(squares) < k else k - 1
            squares[at:] = [0.0]
            while at > 0 and squares[at - 1] > square:
                squares[at] = squares[at - 1]
                at -= 1
                moved += 1
            squares[at] = square
    return kept / len(samples), moved / len(samples)


@pytest.mark.parametrize("k", [1, 2, 5, 70])
def test_what_is_sorted_in_is_what_the_native_module_does(k):
    found = neighbours.sorted_in(SAMPLES, PLACES, k)
    assert (found.kept, found.moved) == one_by_one(SAMPLES, PLACES, k)
    rows = np.array([0, 30, 69])
    found = neighbours.sorted_in(PLACES[rows], PLACES, k, rows)
    assert (found.kept, found.moved) == one_by_one(PLACES[rows], PLACES, k, rows)


def test_samples_tell_it_or_those_that_the_model_keeps():
    model = KNeighborsClassifier(4).fit(PLACES, CLASSES)
    (told,), (guessed,) = (estimator_stages(model, "m", each) for each in (SAMPLES, None))
    assert (told.guessed, guessed.guessed) == ("", neighbours.OWN)
    assert (told.terms["kept"], told.terms["moved"]) == one_by_one(SAMPLES, PLACES, 4)
    assert (guessed.terms["kept"], guessed.terms["moved"]) == one_by_one(PLACES, PLACES, 4, range(70))
    assert told.sizes == {"features": 3, "samples": 70, "neighbours": 4}
    assert told.data == 2 * (3 + 70 * 4)


def test_samples_are_scaled_as_those_of_the_model():
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(4)).fit(PLACES, CLASSES)
    scaler, stage = estimator_stages(model, "m", SAMPLES)
    assert scaler.kind == "scale_int16"
    scaled = model[0].transform(SAMPLES), model[0].transform(PLACES)
    assert (stage.terms["kept"], stage.terms["moved"]) == one_by_one(*scaled, 4)


def test_what_the_native_module_does_not_do_is_told():
    weighted = KNeighborsClassifier(4, weights="distance").fit(PLACES, CLASSES)
    with pytest.raises(ModelInvalid, match="m has the weights 'distance'; the native module counts neighbours"):
        estimator_stages(weighted, "m")
    many = KNeighborsClassifier(71).fit(PLACES, CLASSES)
    with pytest.raises(ModelInvalid, match="asks 71 neighbours and keeps 70 samples"):
        estimator_stages(many, "m")
    with pytest.raises(ModelInvalid, match="manhattan distances"):
        estimator_stages(KNeighborsClassifier(4, p=1).fit(PLACES, CLASSES), "m")
