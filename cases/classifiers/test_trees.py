"""Decision tree ensembles against emlearn's own host inference and scikit-learn.

The model is scikit-learn's random forest on its digits, 10 trees of at most 100 leaf nodes, once with trees
that vote (emlearn's leaf bits 0) and once with class shares averaged as scikit-learn does (leaf bits 8).
Predictions of emlearn's host inference are in the vectors, so that nothing is compiled here.

Features are integers: there is neither NaN nor a subnormal to show. Step, sweep, impulse, silence and full
scale are samples that no training data looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from guarding import Guarded
from numpy.typing import NDArray

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.golden import Golden, Vectors

MODELS = ["vote", "mean"]
EDGES = ["noise", "sweep", "impulse", "step", "silence", "full_scale"]
CLASSES = 10
PART = 180  # samples that are classified at a time

# Ten shares, each rounded, summed and divided: 12 roundings of numbers up to 10, divided by 10.
PROBABILITY_LIMIT = 12 * 2.0**-24
# emlearn's host inference prints its own with six decimals.
EMLEARN_DIGITS = 0.5e-6

Natmod = Callable[..., GuestObject]

# Uses Guarded of cases/guarding.py, which the fixture of that name has sent.
_CLASSIFY = """
# Collecting garbage before every call of hundreds would take longer than all else.
EVERY = 16

def predict(model, samples, features):
    # The class of each sample.
    view = memoryview(samples)
    predicted = model.predict
    region = harness_mark.region()
    got = zeros("i", len(samples) // features)
    for i in range(len(got)):
        sample = view[i * features : (i + 1) * features]
        if i % EVERY == 0:
            collect()
        with region:
            number = predicted(sample)
        got[i] = number
    return got

def predict_proba(model, samples, features, classes):
    # The probabilities of each sample; the output lies between guards.
    view = memoryview(samples)
    predicted = model.predict_proba
    region = harness_mark.region()
    got = zeros("f", len(samples) // features * classes)
    done = memoryview(got)
    for i in range(0, len(samples), features):
        sample = view[i : i + features]
        out = Guarded("f", classes)
        if i % (EVERY * features) == 0:
            collect()
        with region:
            predicted(sample, out.view)
        out.check()
        done[:classes] = out.view
        done = done[classes:]
    return got
"""


def load(natmod: Natmod, form: str, vectors: Vectors) -> GuestObject:
    model = natmod("trees", form=form).new(
        vectors["nodes"], vectors["roots"], vectors["leaves"], *vectors["shape"].tolist()
    )
    assert isinstance(model, GuestObject)
    return model


class Classifier:
    """The model in the guest; samples have the shape (n, features)."""

    def __init__(self, board: Board, natmod: Natmod, form: str, vectors: Vectors) -> None:
        self._board = board
        self._model = load(natmod, form, vectors)
        board.exec(_CLASSIFY)

    def predict(self, samples: NDArray[np.int16]) -> NDArray[Any]:
        """Return the class of each sample, shape (n,)."""
        return self._in_parts("predict", samples)

    def predict_proba(self, samples: NDArray[np.int16]) -> NDArray[Any]:
        """Return the share of each class, shape (n, 10)."""
        return self._in_parts("predict_proba", samples, CLASSES).reshape(-1, CLASSES)

    def _in_parts(self, function: str, samples: NDArray[np.int16], *more: int) -> NDArray[Any]:
        # All at once would not fit the smallest targets.
        parts = np.split(samples, range(PART, len(samples), PART))
        features = samples.shape[1]
        got = [self._board.call(function, self._model, part, features, *more, timeout=60) for part in parts]
        return np.concatenate(got)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.usefixtures("guarded")
def test_digits(kind: str, form: str, board: Board, natmod: Natmod, golden: Golden) -> None:
    vectors = golden.vectors(f"trees/digits_{kind}")
    samples, truth = vectors["samples_in"], vectors["classes"]
    per = len(samples)
    model = Classifier(board, natmod, form, vectors)
    case = f"trees/digits_{kind}/held_out"

    got = model.predict(samples)
    golden.check(got, vectors["samples_emlearn"], case=case, metric="exact", limit=0, form=form)
    ours, theirs = (100 * np.mean(c == truth) for c in (got, vectors["sklearn_proba"].argmax(axis=1)))
    golden.check(ours, theirs, case=f"{case}/accuracy", metric="max_abs", limit=0.5, form=form, per=per)

    got = model.predict_proba(samples)
    theirs, exact = vectors["samples_emlearn_proba"], vectors["samples_proba"]
    golden.check(got, theirs, case=case, metric="argmax", limit=0, form=form, per=per)
    golden.check(got, exact, case=case, metric="probability", limit=PROBABILITY_LIMIT, form=form, per=per)
    limit = PROBABILITY_LIMIT + EMLEARN_DIGITS
    golden.check(got, theirs, case=f"{case}/emlearn", metric="probability", limit=limit, form=form, per=per)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.usefixtures("guarded")
def test_edge(kind: str, edge: str, form: str, board: Board, natmod: Natmod, golden: Golden) -> None:
    vectors = golden.vectors(f"trees/digits_{kind}")
    samples = vectors[f"{edge}_in"]
    model = Classifier(board, natmod, form, vectors)
    case = f"trees/digits_{kind}/{edge}"
    golden.check(model.predict(samples), vectors[f"{edge}_emlearn"], case=case, metric="exact", limit=0, form=form)
    golden.check(
        model.predict_proba(samples),
        vectors[f"{edge}_proba"],
        case=case,
        metric="probability",
        limit=PROBABILITY_LIMIT,
        form=form,
        per=len(samples),
    )


def test_threshold_is_exclusive(form: str, natmod: Natmod) -> None:
    # One node: class 0 below the threshold, class 1 from it on, at the ends of int16 too.
    for threshold in (-32768, -32767, 0, 32767):
        nodes = np.array([0, threshold, -1, -2], np.int16)
        model = natmod("trees", form=form).new(nodes, np.zeros(1, np.int32), bytes([0, 1]), 1, 2)
        for value in {-32768, threshold - 1, threshold, min(threshold + 1, 32767), 32767} - {-32769}:
            assert model.predict(np.array([value], np.int16)) == int(value >= threshold)


def test_first_of_equals_wins(form: str, natmod: Natmod, guarded: Guarded) -> None:
    # Two trees, one for class 2 and one for class 1.
    nodes = np.array([0, 0, -1, -1, 0, 0, -2, -2], np.int16)
    model = natmod("trees", form=form).new(nodes, np.array([0, 1], np.int32), bytes([2, 1]), 1, 3)
    sample = np.zeros(1, np.int16)
    assert model.predict(sample) == 1
    got = guarded.call(model, "predict_proba", sample, ..., out=("f", 3))
    assert got.tolist() == [0, 0.5, 0.5]


def test_refuses_wrong_sizes(form: str, natmod: Natmod) -> None:
    module = natmod("trees", form=form)
    nodes, roots, leaves = np.array([0, 0, -1, -2], np.int16), np.zeros(1, np.int32), bytes([0, 1])
    for features, classes in ((0, 2), (128, 2), (1, 0), (1, 31)):
        with pytest.raises(GuestException, match="ValueError: features must be 1 to 127, classes 1 to 30"):
            module.new(nodes, roots, leaves, features, classes)
    with pytest.raises(GuestException, match="ValueError: bits must be 0 or 8"):
        module.new(nodes, roots, leaves, 1, 2, 4)
    for wrong in (nodes[:0], nodes[:3]):
        with pytest.raises(GuestException, match="ValueError: nodes must hold 4 numbers a node"):
            module.new(wrong, roots, leaves, 1, 2)
    with pytest.raises(GuestException, match="ValueError: roots must not be empty"):
        module.new(nodes, roots[:0], leaves, 1, 2)
    model = module.new(nodes, roots, leaves, 1, 2)
    for n in (0, 2):
        with pytest.raises(GuestException, match="ValueError: wrong number of features"):
            model.predict(np.zeros(n, np.int16))
        with pytest.raises(GuestException, match="ValueError: wrong number of features"):
            model.predict_proba(np.zeros(n, np.int16), np.zeros(2, np.float32))
    for n in (0, 1, 3):
        with pytest.raises(GuestException, match="ValueError: out must hold a number a class"):
            model.predict_proba(np.zeros(1, np.int16), np.zeros(n, np.float32))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ([1, 0, -1, -2], "feature that does not exist"),
        ([-1, 0, -1, -2], "feature that does not exist"),
        ([0, 0, 0, -2], "node or leaf that does not exist"),  # itself: an endless loop
        ([0, 0, 1, -2], "node or leaf that does not exist"),
        ([0, 0, -1, 32767], "node or leaf that does not exist"),
        ([0, 0, -3, -2], "node or leaf that does not exist"),
        ([0, 0, -1, -32768], "node or leaf that does not exist"),
    ],
)
def test_refuses_models_that_would_run_wild(node: list[int], message: str, natmod: Natmod) -> None:
    with pytest.raises(GuestException, match=f"ValueError: .*{message}"):
        natmod("trees").new(np.array(node, np.int16), np.zeros(1, np.int32), bytes([0, 1]), 1, 2)


def test_refuses_wrong_leaves_and_roots(natmod: Natmod) -> None:
    module = natmod("trees")
    nodes, roots = np.array([0, 0, -1, -2], np.int16), np.zeros(1, np.int32)
    with pytest.raises(GuestException, match="ValueError: a leaf names a class that does not exist"):
        module.new(nodes, roots, bytes([0, 2]), 1, 2)
    for leaves in (b"", bytes(3)):
        with pytest.raises(GuestException, match="ValueError: wrong number of leaves"):
            module.new(nodes, roots, leaves, 1, 2, 8)
    for root in (-1, 1):
        with pytest.raises(GuestException, match="ValueError: a root is not a node"):
            module.new(nodes, np.array([root], np.int32), bytes([0, 1]), 1, 2)


def test_refuses_wrong_types(natmod: Natmod) -> None:
    module = natmod("trees")
    nodes, roots, leaves = np.array([0, 0, -1, -2], np.int16), np.zeros(1, np.int32), bytes([0, 1])
    for wrong in (
        (nodes.astype(np.float32), roots, leaves),
        (nodes, roots.astype(np.int16), leaves),
        (nodes, roots, nodes),
    ):
        with pytest.raises(GuestException, match="TypeError: expected"):
            module.new(*wrong, 1, 2)
    model = module.new(nodes, roots, leaves, 1, 2)
    with pytest.raises(GuestException, match="TypeError: expected array"):
        model.predict(np.array([np.nan], np.float32))
    with pytest.raises(GuestException, match="TypeError: expected array"):
        model.predict_proba(np.zeros(1, np.int16), np.zeros(2, np.int32))
