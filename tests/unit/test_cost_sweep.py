"""Sweeps: a classifier trained with several settings, how good each is, and what it takes."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from mpy_harness.cli.app import application
from mpy_harness.costs import estimate
from mpy_harness.costs.limits import Limits
from mpy_harness.costs.sweep import Candidate, read_grid, sweep
from mpy_harness.errors import ModelInvalid, ToolMissing


def test_a_grid_is_read():
    words = ["n_estimators=5,10", "max_depth=3,None", "criterion=gini,entropy", "ccp_alpha=0.5"]
    assert read_grid(words) == {
        "n_estimators": [5, 10],
        "max_depth": [3, None],
        "criterion": ["gini", "entropy"],
        "ccp_alpha": [0.5],
    }
    for wrong in ("n_estimators", "n_estimators=", "=5", "a b=5"):
        with pytest.raises(ModelInvalid, match="is no setting to try: write each once, NAME=VALUE,VALUE"):
            read_grid([wrong])
    with pytest.raises(ModelInvalid, match="write each once"):
        read_grid(["a=1", "a=2"])


def test_what_beats_a_candidate_is_no_worse_in_anything():
    small, large = estimate("iir:sections=1"), estimate("iir:sections=5")
    good, bad = Candidate({}, 0.9, small), Candidate({}, 0.8, large)
    assert good.beats(bad)
    assert not bad.beats(good)
    assert not good.beats(good)
    assert not Candidate({}, 0.8, small).beats(Candidate({}, 0.9, large))


@pytest.fixture
def digits():
    sets = pytest.importorskip("sklearn.datasets")
    pixels, classes = sets.load_digits(return_X_y=True)
    return (2 * pixels).astype(np.int16), classes


def test_a_sweep_trains_each_combination_and_marks_the_front(digits):
    from sklearn.ensemble import RandomForestClassifier

    names = np.array(list("abcdefghij"))[digits[1]]  # classes need not be numbers
    found = sweep(
        RandomForestClassifier(random_state=1), digits[0], names, read_grid(["n_estimators=1,20", "max_depth=2,8"])
    )
    assert [each.settings for each in found] == [
        {"n_estimators": trees, "max_depth": depth} for trees in (1, 20) for depth in (2, 8)
    ]
    assert found[3].accuracy > 0.9 > found[2].accuracy > found[0].accuracy
    assert found[3].cost.flash > found[2].cost.flash
    assert found[0].is_best
    assert found[3].is_best
    for each in found:
        assert each.is_best != any(other.beats(each) for other in found)


def test_a_sweep_is_of_other_classifiers_too(digits):
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    samples, classes = digits
    found = sweep(GaussianNB(), samples, classes, read_grid(["var_smoothing=1e-9,0.01"]), target="m33")
    assert found[1].accuracy > found[0].accuracy > 0.7
    assert found[1].cost.instructions == found[0].cost.instructions
    assert found[1].is_best
    assert not found[0].is_best
    few = classes < 3
    model = make_pipeline(StandardScaler(), SVC())
    machines = sweep(model, samples[few], classes[few], {"svc__C": [0.01, 10.0]}, target="m33")
    for each in machines:
        scaled, decided = each.cost.stages
        assert each.cost.instructions == scaled.instructions + decided.instructions
        wanted = scaled.instructions * scaled.error + decided.instructions * decided.error
        assert each.cost.error * each.cost.instructions == pytest.approx(wanted)
    assert machines[0].cost.flash > machines[1].cost.flash


def test_what_cannot_be_swept_is_told(digits):
    from sklearn.cluster import KMeans
    from sklearn.linear_model import LinearRegression
    from sklearn.neighbors import KNeighborsClassifier

    samples, classes = digits
    for model in (KMeans(), LinearRegression(), object()):
        with pytest.raises(ModelInvalid, match="a sweep is of classifiers"):
            sweep(model, samples, classes, {"n_clusters": [2]})
    with pytest.raises(ModelInvalid, match="has the weights 'distance'"):
        sweep(KNeighborsClassifier(weights="distance"), samples, classes, {"n_neighbors": [1, 3]})


def test_what_scikit_learn_refuses_is_told(digits):
    samples, classes = digits
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier()
    with pytest.raises(ModelInvalid, match="scikit-learn cannot train this: Invalid parameter 'depth'"):
        sweep(tree, samples, classes, {"depth": [1]})
    with pytest.raises(ModelInvalid, match=r"scikit-learn cannot train this: .*max_depth"):
        sweep(tree, samples, classes, {"max_depth": [-1]})
    with pytest.raises(ModelInvalid, match="a class for each"):
        sweep(tree, samples, classes[:5], {"max_depth": [1]})
    with pytest.raises(ModelInvalid, match="features are int16"):
        sweep(tree, samples / 3, classes, {"max_depth": [1]})
    with pytest.raises(ModelInvalid, match="1,001 combinations"):
        sweep(tree, samples, classes, {"max_depth": range(1, 1002)})


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(ToolMissing, match="pip install scikit-learn"):
        sweep(None, [[1]], [1], {})


def test_the_command_takes_one_model_and_its_data(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "swept.py").write_text(
        "from sklearn.tree import DecisionTreeClassifier\nmodel = DecisionTreeClassifier()\n"
        "data = [[0], [1], [2], [3]] * 5, [0, 0, 1, 1] * 5\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(application(), ["estimate", *words], catch_exceptions=False)
        assert done.exit_code == status
        return done.output

    text = run("swept:model", "--data", "swept:data", "--sweep", "max_depth=1,2", "splitter=best", "--ram", "1K")
    assert text.splitlines()[0].split()[:3] == ["max_depth", "splitter", "accuracy"]
    assert all("does not fit: RAM" in line for line in text.splitlines()[1:])
    assert '"pareto": true' in run("swept:model", "--data", "swept:data", "--sweep", "max_depth=1", "--json")
    for words, message in (
        (["swept:model", "--sweep", "max_depth=1"], "name samples and classes"),
        (["swept:model", "swept:model", "--data", "swept:data", "--sweep", "max_depth=1"], "is for one model"),
        (["swept:model", "--target", "m0", "--target", "m3", "--sweep", "max_depth=1"], "is for one target"),
    ):
        assert message in " ".join(run(*words, status=2).split())
    sys.modules.pop("swept", None)


@pytest.mark.parametrize("target", ["m33", "rv32"])
def test_a_sweep_is_drawn(digits, target, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need matplotlib: pip install 'mpy-harness[plots]'")
    from sklearn.ensemble import RandomForestClassifier

    from mpy_harness.reports.sweep_plot import plot_sweep

    grid = {"n_estimators": [1, 5, 20], "max_leaf_nodes": [5, 50]}
    found = sweep(RandomForestClassifier(random_state=1), digits[0], digits[1], grid)
    if target == "rv32":  # without a cycle model, instructions stand for the time
        found = [replace(each, cost=replace(each.cost, stages=tuple(_untimed(each)))) for each in found]
    files = tmp_path / "one.svg", tmp_path / "two.svg"
    for file in files:
        plot_sweep(found, Limits(flash=8 << 10, time=1e-3), file)
    one, two = (file.read_text(encoding="utf-8") for file in files)
    assert one == two
    for text in ("accuracy [%]", "time [ms]" if target == "m33" else "instructions", "flash [KiB]", "heap [KiB]"):
        assert f"<!-- {text} -->" in one
    assert one.count("<!-- limit -->") == (2 if target == "m33" else 1)


def _untimed(candidate):
    return [replace(stage, time=None) for stage in candidate.cost.stages]


def test_a_plot_is_of_a_sweep(tmp_path):
    result = CliRunner().invoke(application(), ["estimate", "iir:sections=1", "--plot", str(tmp_path / "x.svg")])
    assert (result.exit_code, "say what to try, --sweep" in " ".join(result.output.replace("│", "").split())) == (
        2,
        True,
    )
