"""Targets of one's own that are made from others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mpy_harness.errors import TargetInvalid
from mpy_harness.firmware.board_sources import board_sources
from mpy_harness.resources import targets_dir
from mpy_harness.targets import available, copy_target, load_target, shared
from tests.emulator.projects import mpy_harness


@pytest.mark.parametrize("name", available())
def test_a_copy_is_the_same_under_its_own_name(tmp_path, name):
    copied, original = copy_target(name, tmp_path / "boards" / "mine"), load_target(name)
    assert (copied.name, copied.folder) == ("mine", tmp_path / "boards" / "mine")
    assert load_target("boards/mine", tmp_path) == copied
    assert copied.model_copy(update={"name": name, "folder": original.folder}) == original
    assert sorted(path.name for path in copied.folder.iterdir()) == sorted(
        path.name for path in original.folder.iterdir()
    )


def test_what_is_shared_stays_shared(tmp_path):
    copied = copy_target("m33", tmp_path / "mine")
    assert board_sources(copied).folders == board_sources(load_target("m33")).folders
    assert copied.cycles == load_target("m33").cycles


def test_two_lines_say_what_it_is(tmp_path):
    done = mpy_harness("targets", "--copy", "m33", "my boards/mine", cwd=tmp_path)
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert first == "my boards/mine/target.toml is a target of your own: pytest --target 'my boards/mine'"
    assert f"the code in {targets_dir()}/boards/cortex-m" in second
    assert "the costs of cortex-m33" in second


@pytest.mark.parametrize(("name", "words"), [("renode-m33", "the image of m33"), ("esp32", "the published image")])
def test_what_other_targets_share(tmp_path, name, words):
    assert words in shared(copy_target(name, tmp_path / "mine"))


@pytest.mark.parametrize(
    ("original", "folder", "message"),
    [
        ("m33", "m4", "'m4' is one that is carried"),
        ("m33", "my board", "'my board' has other than letters, digits"),
        ("m33", "..", "'..' has other than letters"),
        ("m33", "there", "there is there already"),
        ("m33", "file/mine", "mine cannot be made"),
        ("m33@1.25.0", "mine", "m33@1.25.0 names a release"),
        ("m99", "mine", "there is no target 'm99'"),
    ],
)
def test_what_cannot_be_copied_is_said_and_leaves_nothing(tmp_path, original, folder, message):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TargetInvalid, match=message):
        copy_target(original, tmp_path / folder)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "names", ['shared = "code"', 'shared = "cortex-m"\nmake = {FROZEN_MANIFEST = "../manifest.py"}']
)
def test_a_target_with_files_beside_it_is_copied_beside_it(tmp_path, names):
    target = copy_target("m33", tmp_path / "first" / "theirs")
    shutil.copytree(targets_dir() / "boards" / "cortex-m", tmp_path / "first" / "code")
    (tmp_path / "first" / "manifest.py").touch()
    file = target.folder / "target.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('shared = "cortex-m"', names), encoding="utf-8")
    with pytest.raises(TargetInvalid, match=rf"Copy it into a folder beside it: {tmp_path}/first/mine"):
        copy_target(str(target.folder), tmp_path / "second" / "mine")
    assert not Path(tmp_path, "second", "mine").exists()
    assert copy_target(str(target.folder), tmp_path / "first" / "mine").name == "mine"
