"""Ensembles of trees as natmods/trees takes them, and what they do for an inference."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from mpy_harness.costs.tree_stage import predict, tree_stage, walk
from mpy_harness.costs.trees import ensemble
from mpy_harness.errors import ModelInvalid

# x0 <= 10.5 ? class 0 (60 of 80 samples) : x1 <= -3 ? class 1 (15) : 4 of class 0 and 1 of class 1
TREE = {
    "feature": [0, -2, 1, -2, -2],
    "threshold": [10.5, -2.0, -3.0, -2.0, -2.0],
    "children_left": [1, -1, 3, -1, -1],
    "children_right": [2, -1, 4, -1, -1],
    "n_node_samples": [80, 60, 20, 15, 5],
    "value": [[[0.8, 0.2]], [[1, 0]], [[0.2, 0.8]], [[0, 1]], [[0.8, 0.2]]],
}


def tree(**changes):
    arrays = {name: np.array(values) for name, values in (TREE | changes).items()}
    return SimpleNamespace(**arrays, n_features=2)


class DecisionTreeClassifier:
    def __init__(self, **changes):
        self.tree_ = tree(**changes)


class RandomForestClassifier:
    def __init__(self, *trees):
        self.estimators_ = list(trees)


@pytest.mark.parametrize(
    ("bits", "leaves"), [(0, [[0], [1]]), (8, [[255, 0], [0, 255], [203, 51]])], ids=["vote", "mean"]
)
def test_a_tree_becomes_the_arrays_of_the_module(bits, leaves):
    model = ensemble(DecisionTreeClassifier(), bits)
    right = -1 if bits == 0 else -3  # equal leaves are one
    assert model.nodes.tolist() == [[0, 10, -1, 1], [1, -3, -2, right]]
    assert model.leaves.tolist() == leaves
    assert model.roots.tolist() == [0]
    # 16-byte blocks: 32 of the object, 16 of the nodes, 4 of the root, the leaves.
    assert model.heap == 32 + 16 + 16 + 16
    assert model.data == 2 * 8 + 4 + len(leaves) * (2 if bits else 1)


def test_children_are_relative_and_trees_follow_each_other():
    lone = DecisionTreeClassifier(
        feature=[-2],
        threshold=[-2.0],
        children_left=[-1],
        children_right=[-1],
        n_node_samples=[80],
        value=[[[0.2, 0.8]]],
    )
    model = ensemble(RandomForestClassifier(lone, DecisionTreeClassifier()))
    # A tree that is a leaf decides something, and comes to that leaf either way.
    assert model.nodes.tolist() == [[0, 0, -1, -1], [0, 10, -2, 1], [1, -3, -1, -2]]
    assert model.leaves.tolist() == [[1], [0]]
    assert model.roots.tolist() == [0, 1]


def test_visits_are_looked_up_in_samples():
    model = ensemble(DecisionTreeClassifier(), 8)
    samples = [[9, 0], [10, 0], [11, -4], [10, -3]]  # one node; two each: 10 is not below 10
    assert walk(model, samples).nodes.tolist() == [1, 2, 2, 2]
    assert walk(model, samples).leaves.tolist() == [[0], [2], [1], [2]]
    assert predict(model, samples).tolist() == [0, 0, 1, 0]
    stage = tree_stage(model, samples)
    assert stage.terms == {
        "run": 1, "class": 2, "tree": 1, "node": 7 / 4, "voted": 6 / 4, "fraction": 0, "tree_class": 2,
        "share": 6 / 4, "whole": 2 / 4,
    }  # fmt: skip
    assert not stage.guessed


def test_visits_are_guessed_from_the_training_samples():
    stage = tree_stage(ensemble(DecisionTreeClassifier(), 8))
    assert stage.guessed == "the training samples in each node"
    assert stage.terms["node"] == pytest.approx(1 + 20 / 80)
    assert stage.terms["share"] == pytest.approx(75 / 80 + 2 * 5 / 80)
    assert stage.terms["whole"] == pytest.approx(75 / 80)
    assert stage.terms["voted"] == pytest.approx(stage.terms["share"])
    assert stage.terms["fraction"] == 0  # a division by 1


def test_divisions_that_take_long():
    three = ensemble(RandomForestClassifier(*[DecisionTreeClassifier()] * 3), 8)
    # 3 * 203 / 3 and 3 * 51 / 3 parts of 255 do not end as binary fractions, 255 parts do.
    assert tree_stage(three, [[11, 0]]).terms["fraction"] == 2
    assert tree_stage(three, [[9, 0]]).terms["fraction"] == 0
    guessed = tree_stage(three).terms
    assert 0 < guessed["fraction"] < guessed["voted"]
    four = ensemble(RandomForestClassifier(*[DecisionTreeClassifier()] * 4), 8)
    assert tree_stage(four, [[11, 0]]).terms["fraction"] == tree_stage(four).terms["fraction"] == 0


def test_trees_that_agree_get_one_class_and_others_more():
    # Class 1 has 16 samples; the other tree calls all of them class 0.
    other = DecisionTreeClassifier(value=[[[0.8, 0.2]], [[1, 0]], [[0.2, 0.8]], [[0.9, 0.1]], [[0.8, 0.2]]])
    agreeing = tree_stage(ensemble(RandomForestClassifier(*[DecisionTreeClassifier()] * 3)))
    differing = tree_stage(ensemble(RandomForestClassifier(DecisionTreeClassifier(), other)))
    assert agreeing.terms["voted"] < 1.1
    assert differing.terms["voted"] > agreeing.terms["voted"]


def test_samples_that_the_device_cannot_have_are_refused():
    model = ensemble(DecisionTreeClassifier())
    for wrong in ([[0.5, 1]], [[40000, 0]], [[np.nan, 0]], [["a", "b"]]):
        with pytest.raises(ModelInvalid, match="features are int16: scale and round them"):
            tree_stage(model, wrong)
    for other in (np.zeros((1, 3)), np.zeros(2), np.zeros((0, 2))):
        with pytest.raises(ModelInvalid, match=r"shape \(n, 2\)"):
            tree_stage(model, other)


def test_what_does_not_fit_the_module_is_refused():
    class SVC:
        pass

    with pytest.raises(ModelInvalid, match=r"svm: no native module here runs SVC; what can be estimated is"):
        ensemble(SVC(), name="svm")
    with pytest.raises(ModelInvalid, match="is not fitted"):
        ensemble(RandomForestClassifier())
    with pytest.raises(ModelInvalid, match=r"threshold 40000, .*: scale them"):
        ensemble(DecisionTreeClassifier(threshold=[40000.5, -2, 1e300, -2, -2]))
    many = np.full((5, 1, 31), 1 / 31)
    with pytest.raises(ModelInvalid, match="31 classes; natmods/trees has room for 30"):
        ensemble(DecisionTreeClassifier(value=many))
    with pytest.raises(ModelInvalid, match="several outputs"):
        ensemble(DecisionTreeClassifier(value=np.zeros((5, 2, 2))))


@pytest.mark.parametrize("bits", [0, 8])
def test_the_arrays_are_those_of_emlearn(bits):
    pytest.importorskip("sklearn")
    emlearn = pytest.importorskip("emlearn.trees")
    from sklearn.datasets import load_digits
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    pixels, classes = load_digits(return_X_y=True)
    for estimator in (
        RandomForestClassifier(5, max_leaf_nodes=40, random_state=1),
        ExtraTreesClassifier(2, random_state=1),
        DecisionTreeClassifier(max_depth=1),
        RandomForestClassifier(3, min_samples_leaf=1500, random_state=1),
    ):
        model = ensemble(estimator.fit(pixels, classes), bits)
        nodes, roots, leaves = emlearn.Wrapper(estimator, method="loadable", leaf_bits=bits).forest_
        theirs = [[n[0], int(n[1]), *(emlearn.encode_child(i, child) for child in n[2:])] for i, n in enumerate(nodes)]
        assert model.nodes.tolist() == theirs
        assert model.roots.tolist() == roots
        assert model.leaves.reshape(-1).tolist() == np.array(leaves).astype(np.uint8).reshape(-1).tolist()
