from __future__ import annotations

import os
import pickle
import zipfile

import numpy as np
import pytest

from mpy_harness.errors import VectorsInvalid
from mpy_harness.golden import Golden, VectorProvenance, Vectors, package_versions
from tests.bounded import bounded

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


def test_arrays_larger_than_the_limit_are_not_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "v.npz", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (600 << 20,)})
        for _ in range(600):
            file.write(bytes(1 << 20))
    read = "from pathlib import Path; from mpy_harness.golden import Vectors; Vectors.load(Path(sys.argv[1]))"
    done = bounded(read, tmp_path / "v.npz", mebibytes=400)
    assert "its arrays have 600 MiB, more than 512" in done.stderr


@pytest.mark.parametrize("items", [1 << 33, 1 << 60], ids=["8 GiB", "no host has it"])
def test_an_array_that_is_said_to_be_huge(items, tmp_path):
    with zipfile.ZipFile(tmp_path / "v.npz", "w") as archive, archive.open("a.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (items,)})
    with pytest.raises(VectorsInvalid, match="is not a file of golden vectors"):
        Vectors.load(tmp_path / "v.npz")
