"""The vectors of the project's own cases: what is said of them holds."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from mpy_harness.golden import VectorStore
from mpy_harness.golden.pins import Pins

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "cases").rglob("vectors.py"))
TREES = ROOT / "cases" / "classifiers" / "trees"


@pytest.fixture
def trees(monkeypatch):
    """The module that makes the trees' vectors."""
    for package in ("emlearn", "sklearn", "scipy"):
        pytest.importorskip(package)
    if not shutil.which("cc") and not shutil.which("gcc"):
        pytest.skip("emlearn's host inference is compiled, and there is no C compiler")
    return VectorStore(TREES / "vectors.py")


def test_all_vectors_are_pinned_and_none_is_committed():
    assert len(SCRIPTS) >= 5
    for script in SCRIPTS:
        assert Pins.read(script.with_name("vectors.toml")).versions
    assert not list((ROOT / "cases").rglob("*.npz"))


@pytest.mark.parametrize("kind", ["vote", "mean"])
def test_predictions_follow_from_the_model(kind, trees):
    vectors = trees[f"digits_{kind}"]
    for name in vectors.signals():
        np.testing.assert_array_equal(vectors[f"{name}_proba"].argmax(axis=1), vectors[f"{name}_emlearn"])
        np.testing.assert_allclose(vectors[f"{name}_emlearn_proba"], vectors[f"{name}_proba"], rtol=0, atol=1e-6)


def test_the_model_is_what_the_case_says(trees):
    vectors = trees["digits_mean"]
    assert len(vectors["roots"]) == 10
    assert len(vectors["samples_in"]) == len(vectors["classes"]) == len(vectors["sklearn"]) == 540
    nodes = vectors["nodes"].reshape(-1, 4)
    for start, end in zip(vectors["roots"], [*vectors["roots"][1:], len(nodes)], strict=True):
        assert (nodes[start:end, 2:] < 0).sum() <= 100  # leaf nodes of one tree


def test_training_grows_the_trees_that_are_written_down(trees, tmp_path, monkeypatch):
    import sklearn

    text = (TREES / "forest.txt").read_text(encoding="utf-8")
    if f"scikit-learn {sklearn.__version__}:" not in text:
        pytest.skip(f"another version of scikit-learn, {sklearn.__version__} here, grows other trees")
    monkeypatch.syspath_prepend(str(ROOT))
    before = set(sys.modules)
    from cases.classifiers.trees import train

    monkeypatch.setattr(train, "FOREST", tmp_path / "forest.txt")
    with np.errstate(all="ignore"):
        train.main()
    assert (tmp_path / "forest.txt").read_text(encoding="utf-8") == text
    for name in [name for name in sys.modules.keys() - before if name.partition(".")[0] == "cases"]:
        del sys.modules[name]
