"""Trees in emlearn's CSV files: the same as scikit-learn's own, between honest bounds, and never a walk without end."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mpy_harness.cli.app import application
from mpy_harness.costs import estimate
from mpy_harness.costs.tree_file import read_ensemble
from mpy_harness.costs.tree_stage import tree_stage
from mpy_harness.costs.trees import LeafBits, ensemble
from mpy_harness.errors import ModelInvalid

FILE = "f,3\r\nc,2\r\nlb,0\r\nl,0\r\nl,1\r\nr,0\r\nr,2\r\nn,0,15.0,1,-1\r\nn,2,-7.0,-1,-2\r\nn,1,3.0,-2,-1\r\n"
BITS: tuple[LeafBits, ...] = (0, 8)


@pytest.fixture(scope="module")
def digits():
    pytest.importorskip("emlearn", reason="emlearn is not installed: pip install emlearn")
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    return (2 * pixels).astype("int16"), classes


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("leaves", [2, 7, 60])
@pytest.mark.parametrize("trees", [1, 4, 11])
def test_emlearns_file_is_the_model_that_it_was_made_of(digits, bits, leaves, trees, tmp_path):
    import emlearn
    from sklearn.ensemble import RandomForestClassifier

    samples, classes = digits
    forest = RandomForestClassifier(trees, max_leaf_nodes=leaves, random_state=1).fit(samples[:1000], classes[:1000])
    converted = emlearn.convert(forest, method="inline", dtype="int16_t", leaf_bits=bits)
    file = tmp_path / "forest.csv"
    converted.save(name="forest", format="csv", file=str(file))
    read, own = read_ensemble(file), ensemble(forest, bits)
    assert (read.features, read.classes, read.leaf_bits) == (own.features, own.classes, own.leaf_bits)
    assert (read.heap, read.data) == (own.heap, own.data)
    looked_up = tree_stage(read, samples)
    assert looked_up.terms == tree_stage(own, samples).terms

    for target in ("m33", "m0"):
        known = estimate(str(file), target=target, samples=samples).stages[0]
        guess = estimate(str(file), target=target).stages[0]
        assert abs(known.instructions / guess.instructions - 1) <= guess.error / 100
        assert guess.error >= known.error
        assert (guess.flash, guess.heap) == (known.flash, known.heap)


@pytest.mark.parametrize("method", ["inline", "loadable"])
@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize(("trees", "leaves"), [(1, 2), (4, 60), (11, 7)])
def test_emlearns_c_is_the_model_that_it_was_made_of(digits, method, bits, trees, leaves, tmp_path):
    import emlearn
    from sklearn.ensemble import RandomForestClassifier

    samples, classes = digits
    forest = RandomForestClassifier(trees, max_leaf_nodes=leaves, random_state=1).fit(samples[:1000], classes[:1000])
    file = tmp_path / "forest.h"
    emlearn.convert(forest, method=method, dtype="int16_t", leaf_bits=bits).save(name="forest", file=str(file))
    read, own = read_ensemble(file), ensemble(forest, bits)
    assert (read.classes, read.leaf_bits, read.heap, read.data) == (own.classes, own.leaf_bits, own.heap, own.data)
    assert read.is_all == (method == "loadable")
    assert tree_stage(read, samples).terms == tree_stage(own, samples).terms
    assert estimate(str(file), samples=samples).heap == estimate(forest, samples=samples, leaf_bits=bits).heap


INLINE = """
static inline int32_t m_tree_0(const int16_t *features, int32_t features_length) {
          if (features[1] < -5) {
              return 1;
          } else {
              return 0;
          }
        }

static inline int32_t m_tree_1(const int16_t *features, int32_t features_length) {
          return 2;
        }

int32_t m_predict(const int16_t *features, int32_t features_length) {
        int32_t votes[3] = {0,};
"""


def test_a_tree_of_one_leaf_in_c(tmp_path):
    file = tmp_path / "m.h"
    file.write_text(INLINE)
    read = read_ensemble(file)
    assert read.nodes.tolist() == [[1, -5, -1, -2], [0, 0, -3, -3]]
    assert read.leaves[:, 0].tolist() == [1, 0, 2]
    samples = np.array([[0, -6, 7, 7], [0, 3, 7, 7]])  # of more features than the trees ask for
    assert tree_stage(read, samples).terms["node"] == 2
    with pytest.raises(ModelInvalid, match=r"shape \(n, 2\)"):
        tree_stage(read, samples[:, :1])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("int16_t *features", "float *features", r"features are float.*convert\(dtype='int16_t'\)"),
        ("return 0;", "", "a tree has no end"),
        ("return 1;", "return 1; return 1; return 1;", "a tree goes on after its end"),
        ("votes[3]", "votes", "how many classes"),
        ("votes[3]", "votes[2]", "a leaf is of no class"),
        ("_tree_", "_bush_", "neither functions of trees nor all arrays of them: no nodes"),
        ("-5", "-40000", "int16"),
    ],
)
def test_c_that_is_no_model(old, new, message, tmp_path):
    file = tmp_path / "m.h"
    file.write_text(INLINE.replace(old, new))
    with pytest.raises(ModelInvalid, match=message):
        read_ensemble(file)


def test_the_guess_halves_the_samples_at_each_decision(tmp_path):
    (tmp_path / "two.csv").write_text(FILE)
    stage = tree_stage(read_ensemble(tmp_path / "two.csv"))
    assert stage.terms["node"] == 1.5 + 1  # nodes 0, 1 and 2: always, every second time, always
    least, most = stage.extremes
    assert (least["node"], most["node"]) == (2, 3)
    samples = np.array([[0, 0, -8], [15, 3, 0]])
    assert tree_stage(read_ensemble(tmp_path / "two.csv"), samples).terms["node"] == 2.5


def test_the_command_says_what_it_guesses_from_and_runs_nothing(tmp_path):
    (tmp_path / "two.csv").write_text(FILE)
    result = CliRunner().invoke(application(), ["estimate", str(tmp_path / "two.csv")])
    assert result.exit_code == 0
    assert "guessed from the shape of the trees, as if each decision halved the samples" in result.output
    assert "runs the code" not in result.output + result.stderr
    errors = re.findall(r"([\d.]+) %", result.output)
    assert len(errors) == 2
    assert all(len(each.replace(".", "")) <= 3 for each in errors)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("n,0,15.0,1,-1", "n,0,15.0,0,-1", "leads nowhere, or back"),
        ("n,0,15.0,1,-1", "n,0,15.0,2,-1", "leads nowhere, or back"),  # into the other tree
        ("n,1,3.0,-2,-1", "n,1,3.0,-3,-1", "leads nowhere, or back"),
        ("n,1,3.0,-2,-1", "n,3,3.0,-2,-1", "decides by no feature"),
        ("n,1,3.0,-2,-1", "n,1,99999,-2,-1", "threshold 99999"),
        ("n,1,3.0,-2,-1", "n,1,nan,-2,-1", "too large"),
        ("n,1,3.0,-2,-1", "n,1,3.0,-2", "its line 10 is 'n,1,3.0,-2'"),
        ("r,2", "r,3", "begins at no node"),
        ("r,2", "r,0", "begins at no node"),
        ("l,1", "l,2", "a leaf is of no class"),
        ("lb,0", "lb,5", "leaf bits"),
        ("f,3", "f,300", "300 features"),
        ("c,2", "", "0 lines c"),
        ("f,3", "hello", "its line 1 is 'hello'"),
    ],
)
def test_what_is_no_model_is_told(old: str, new: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(FILE.replace(old, new))
    with pytest.raises(ModelInvalid, match=message):
        read_ensemble(file)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelInvalid, match="No such file"):
        estimate(str(tmp_path / "none.csv"))
