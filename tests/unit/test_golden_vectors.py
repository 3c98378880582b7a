from __future__ import annotations

import importlib
import os
import pickle
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from mpy_harness.errors import VectorsInvalid
from mpy_harness.golden import Golden, VectorProvenance, Vectors, package_versions

CASES = Path(__file__).parents[2] / "cases"
PROVENANCE = VectorProvenance("make.py", 7, {"numpy": "2.0"}, "two arrays")


@pytest.fixture
def vectors() -> Vectors:
    return Vectors({"a_in": np.arange(5, dtype=np.float32), "b": np.array([[1.5, np.nan]])}, PROVENANCE)


def test_saved_vectors_come_back(tmp_path, vectors):
    vectors.save(tmp_path / "deep" / "v.npz")
    back = Vectors.load(tmp_path / "deep" / "v.npz")
    assert list(back) == ["a_in", "b"]
    assert back["a_in"].dtype == np.float32
    np.testing.assert_array_equal(back["b"], vectors["b"])
    assert (back.provenance.script, back.provenance.seed, back.provenance.notes) == ("make.py", 7, "two arrays")
    assert len(back.provenance.sha256) == 64
    assert back.signals() == ["a"]
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["v.npz"]


def test_the_same_arrays_give_the_same_file(tmp_path, vectors):
    for name in ("one.npz", "two.npz"):
        vectors.save(tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_arrays_are_read_only_copies():
    mine = np.zeros(3)
    vectors = Vectors({"a": mine}, PROVENANCE)
    mine[0] = 1
    assert vectors["a"][0] == 0
    with pytest.raises(ValueError, match="read-only"):
        vectors["a"][0] = 1


def test_a_missing_array_names_those_that_are_there(tmp_path, vectors):
    vectors.save(tmp_path / "v.npz")
    with pytest.raises(VectorsInvalid, match=r"v\.npz holds no array 'c', only a_in, b"):
        Vectors.load(tmp_path / "v.npz")["c"]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(VectorsInvalid, match="There are no vectors"):
        Golden("m33", "armv7emsp", tmp_path).vectors("iir/nothing")


def test_damaged_files_are_refused(tmp_path, vectors):
    path = tmp_path / "v.npz"
    vectors.save(path)
    whole = path.read_bytes()
    for damaged in (b"", b"no archive", whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(damaged)
        os.utime(path, ns=(len(damaged), len(damaged)))
        with pytest.raises(VectorsInvalid, match="is not a file of golden vectors"):
            Vectors.load(path)


def test_files_without_provenance_are_refused(tmp_path):
    np.savez(tmp_path / "v.npz", a=np.zeros(3))
    with pytest.raises(VectorsInvalid, match="is not a file of golden vectors"):
        Vectors.load(tmp_path / "v.npz")


def test_changed_arrays_are_refused(tmp_path, vectors):
    vectors.save(tmp_path / "v.npz")
    with np.load(tmp_path / "v.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["a_in"] = arrays["a_in"] + 1
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(VectorsInvalid, match=r"was changed after make\.py made it"):
        Vectors.load(tmp_path / "w.npz")


def test_pickles_are_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    (tmp_path / "v.npz").write_bytes(pickle.dumps(Evil()))
    np.savez(tmp_path / "w.npz", provenance=np.array(Evil(), dtype=object))
    for name in ("v.npz", "w.npz"):
        with pytest.raises(VectorsInvalid):
            Vectors.load(tmp_path / name)
    assert not (tmp_path / "ran").exists()


def test_package_versions_leaves_out_what_is_not_installed():
    versions = package_versions("numpy", "no-such-distribution")
    assert versions == {"numpy": np.__version__}


# --- the vectors of the cases -----------------------------------------------------------------


@pytest.fixture
def maker(monkeypatch):
    pytest.importorskip("scipy")
    monkeypatch.syspath_prepend(str(CASES))
    yield regenerate
    for name in [name for name in sys.modules if name == "making" or name.startswith("making.")]:
        del sys.modules[name]


def regenerate(area: str) -> dict[str, Vectors]:
    return importlib.import_module("make_vectors").make(area)


def committed(area: str) -> dict[str, Vectors]:
    folder = CASES / area / "vectors"
    return {path.relative_to(folder).with_suffix("").as_posix(): Vectors.load(path) for path in folder.rglob("*.npz")}


def assert_same(made: dict[str, Vectors], kept: dict[str, Vectors]) -> None:
    assert sorted(made) == sorted(kept)
    for name, vectors in made.items():
        assert list(vectors) == list(kept[name]), name
        for key in vectors:
            ours, theirs = vectors[key], kept[name][key]
            assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), f"{name} {key}"
            # References may differ in the last bits of float64 between versions and processors.
            scale = float(np.abs(theirs[np.isfinite(theirs)]).max(initial=0))
            tolerance = 1e-11 * scale if ours.dtype == np.float64 else 0
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance, err_msg=f"{name} {key}")


@pytest.mark.parametrize("area", ["filters", "transforms", "conversions"])
def test_regenerated_vectors_are_the_committed_ones(area, maker):
    pytest.importorskip("emlearn")
    assert_same(maker(area), committed(area))


@pytest.mark.slow
def test_regenerated_digits_are_the_committed_ones(maker):
    pytest.importorskip("emlearn")
    kept = committed("classifiers")
    used = next(iter(kept.values())).provenance.versions
    here = package_versions("scikit-learn", "emlearn", "numpy")
    if any(used[name] != version for name, version in here.items()):
        pytest.skip(f"training differs between versions: made with {used}, here is {here}")
    if not (shutil.which("cc") or shutil.which("gcc")):
        pytest.skip("emlearn's host inference is compiled, and there is no C compiler")
    assert_same(maker("classifiers"), kept)


@pytest.mark.parametrize("kind", ["vote", "mean"])
def test_digits_predictions_follow_from_the_committed_model(kind, maker):
    pytest.importorskip("emlearn")
    maker("conversions")  # imports the package
    classifiers = importlib.import_module("making.classifiers")
    vectors = committed("classifiers")[f"trees/digits_{kind}"]
    for name in vectors.signals():
        proba = classifiers.probabilities(vectors, vectors[f"{name}_in"])
        np.testing.assert_allclose(proba, vectors[f"{name}_proba"], rtol=0, atol=1e-15)
        np.testing.assert_array_equal(proba.argmax(axis=1), vectors[f"{name}_emlearn"])


def test_digits_model_is_what_the_case_says(maker):
    pytest.importorskip("emlearn")
    vectors = committed("classifiers")["trees/digits_mean"]
    assert len(vectors["roots"]) == 10
    assert len(vectors["samples_in"]) == len(vectors["classes"]) == 540
    nodes = vectors["nodes"].reshape(-1, 4)
    for start, end in zip(vectors["roots"], [*vectors["roots"][1:], len(nodes)], strict=True):
        assert (nodes[start:end, 2:] < 0).sum() <= 100  # leaf nodes of one tree


def test_vectors_stay_small():
    total = sum(path.stat().st_size for path in CASES.rglob("*.npz"))
    assert total < 1_500_000
