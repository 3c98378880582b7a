"""The command estimate: what it prints, what it refuses, and that docs/costs.md shows what it prints."""

from __future__ import annotations

import json
import pickle
import re
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mpy_harness.cli.app import application
from mpy_harness.costs import estimate
from mpy_harness.costs.constants import constants
from mpy_harness.errors import ModelInvalid, ToolMissing

PAGE = Path(__file__).parents[2] / "docs" / "costs.md"
STUMP = """
from types import SimpleNamespace
import numpy as np

class DecisionTreeClassifier:
    tree_ = SimpleNamespace(
        feature=np.array([0, -2, -2]), threshold=np.array([2.5, -2, -2]), children_left=np.array([1, -1, -1]),
        children_right=np.array([2, -1, -1]), n_node_samples=np.array([4, 2, 2]), n_features=1,
        value=np.array([[[0.5, 0.5]], [[1, 0]], [[0, 1]]]),
    )

stump = DecisionTreeClassifier()
wrong = {"not": "a model"}
samples = np.array([[1], [3]])

def made():
    return DecisionTreeClassifier()

def broken():
    raise RuntimeError("no data today")
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "stumps.py").write_text(STUMP)
    (tmp_path / "needy.py").write_text("import scikit_unlearn")
    yield tmp_path
    for name in ("stumps", "needy", "digits"):
        sys.modules.pop(name, None)


def run(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(application(), ["estimate", *words], catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.output


def test_a_model_is_an_object_of_a_module_in_this_folder():
    for name in ("stumps:stump", "stumps:made"):
        text = run(name, "--data", "stumps:samples", "--target", "m33", "--target", "m0")
        assert f"{name}: 1 trees, 1 decision nodes, 2 leaves, 1 features, 2 classes; trees vote" in text
        assert "visits 1.0 decision nodes, looked up in the samples" in text
        assert re.search(r"^m0 +\(module trees\)", text, re.MULTILINE)
    assert "guessed from the training samples in each node; --data tells it" in run("stumps:stump")


def test_samples_may_be_a_file():
    np.save("samples.npy", np.array([[1], [3]]))
    assert "looked up in the samples" in run("stumps:stump", "--data", "samples.npy")
    np.save("objects.npy", np.array([{}]))
    for wrong in ("objects.npy", "nothing.npy", "stumps.py"):
        with pytest.raises(ModelInvalid, match=f"{wrong} holds no samples"):
            run("stumps:stump", "--data", wrong)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("stumps:wrong", ModelInvalid, "no native module here runs dict; what can be estimated is Decision"),
        ("stumps:nothing", ModelInvalid, "stumps:nothing is not there: module 'stumps' has no attribute 'nothing'"),
        ("stumps:broken", ModelInvalid, "stumps:broken failed: RuntimeError: no data today"),
        ("nowhere:model", ModelInvalid, "nowhere:model is not there: No module named 'nowhere', neither"),
        ("needy:model", ToolMissing, "needy:model needs what cannot be imported: No module named 'scikit_unlearn'"),
        ("forest.joblib", ModelInvalid, "there is no file 'forest.joblib'. Name a file that joblib"),
        ("stumps.py", ModelInvalid, "stumps.py holds no model that can be loaded"),
        ("fir:taps=x", ModelInvalid, "taps has to be a whole number"),
        ("dft:n=64", ModelInvalid, "dft:n=64: there is no stage 'dft'. There are fir, .*fft, .*melspec"),
    ],
)
def test_what_cannot_be_estimated_is_told(name, error, message):
    if name == "stumps.py":
        pytest.importorskip("joblib")
    with pytest.raises(error, match=message):
        run(name)


def test_a_pickle_is_loaded_when_it_is_named_and_a_word_says_that_it_runs_code(here):
    joblib = pytest.importorskip("joblib")
    sys.path.insert(0, str(here))
    import stumps  # type: ignore[import-not-found]

    joblib.dump(stumps.stump, "stump.joblib")
    Path("stump.pickle").write_bytes(pickle.dumps(stumps.stump))
    for name in ("stump.joblib", "stump.pickle"):
        text = run(name)
        assert f"loading {name} runs the code that is in it" in text
        assert f"{name}: 1 trees" in text
    assert "runs the code" not in run("iir:sections=1")


def test_without_scikit_learn_it_says_what_to_install(here, monkeypatch):
    Path("forest.joblib").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "joblib", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ToolMissing, match=r"forest.joblib cannot be read: .*Install scikit-learn: pip install"):
        run("forest.joblib")
    assert "iir:sections=1" in run("iir:sections=1")


def test_the_package_imports_neither_scikit_learn_nor_joblib():
    code = (
        "import sys, mpy_harness.costs; from mpy_harness.cli.app import application; application();"
        "print({'sklearn', 'joblib'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


def test_limits_decide_the_status():
    limits = ("iir:sections=3", "--ram", "2K", "--flash", "64K", "--time", "20ms")
    (microseconds,) = map(int, re.findall(r"m33: fits: (\d+) µs ±", run(*limits)))
    assert re.search(
        r"m33: does not fit: [\d,]+ B of RAM, \d+% of 1,024 B", run("iir:sections=3", "--ram", "1K", status=1)
    )
    assert f"m33: may not fit: {microseconds} µs" in run("iir:sections=3", "--time", "900us", status=1)
    for option in ("--ram", "--flash", "--time"):
        assert option in run("iir:sections=3", option, "plenty", status=2)
    assert json.loads(run("iir:sections=3", "--clock", "80", "--json"))[0]["seconds"] == pytest.approx(
        microseconds / 4e6, rel=0.01
    )
    assert "m0: does not keep up" in run("iir:sections=12,rate=48000", "--target", "m0")


def test_json_has_all_figures():
    assert re.search(r" MHz +16,000 ", run("fir:taps=8,block=1,rate=16000"))
    (found,) = json.loads(run("iir:sections=3,rate=16000", "--json", "--ram", "1K", status=1))
    (stage,) = found["stages"]
    assert found["target"] == found["measured_on"] == "m33"
    assert found["limits"] == [{"what": "RAM", "takes": found["heap"], "limit": 1024, "fits": "no"}]
    assert stage["runs_per_second"] == 62.5
    assert stage["seconds"] * 62.5 == pytest.approx(stage["share"]) == pytest.approx(found["share"])
    assert stage["time_error"] > stage["error"] > 0


def test_an_estimate_is_a_sentence():
    assert re.fullmatch(
        r"fits rp2040 with 1% of its RAM, [\d.]+ ms ±\d+(\.\d)? %", str(estimate("fir:taps=64", part="rp2040"))
    )
    assert re.search(r"% of its RAM, .* -[\d.]+ \+\d+ %$", str(estimate("fir_q15:taps=8", part="stm32f405")))
    assert str(estimate("fft:n=65536", part="rp2040")).startswith("does not fit rp2040: 1")
    assert re.fullmatch(r"m33: 1,\d\d\d B of RAM, \d+ µs ±\d+\.\d %", str(estimate("iir:sections=3")))
    assert re.fullmatch(r"rv32: [\d,]+ B of RAM", str(estimate("iir:sections=3", target="rv32")))


def test_the_page_shows_what_is_printed():
    try:
        made_with = {name: version(name) for name in constants().made_with}
    except PackageNotFoundError:
        made_with = {}
    if made_with != constants().made_with:
        pytest.skip(f"docs/costs.md was made with {constants().made_with}; here: {made_with}")
    shown = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    commands = [each for block in shown for each in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    assert len(commands) >= 4
    for each in commands:
        line, _, output = each.partition("\n")
        if line.startswith("cat "):
            Path(line.removeprefix("cat ")).write_text(output)
        elif line.startswith("python "):
            assert len(Path(line.removeprefix("python ")).read_text().splitlines()) <= 5
            command = [sys.executable, line.removeprefix("python ")]
            assert subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout == output
        else:
            assert run(*shlex.split(line)[2:]) == output
