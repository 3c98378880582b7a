"""What is special about the trees: thresholds, ties, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mpy_harness.board.guarded import Guarded
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException

Natmod = Callable[..., GuestObject]


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
