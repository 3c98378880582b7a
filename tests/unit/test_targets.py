"""target.toml: what is read, and how a wrong one is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.errors import TargetInvalid
from mpy_harness.resources import targets_dir
from mpy_harness.targets import DEFAULT_TARGET, available, load_target

M33 = (targets_dir() / "m33" / "target.toml").read_text()


def folder_with(tmp_path: Path, text: str) -> str:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "target.toml").write_text(text)
    return str(folder)


def test_the_default_target_is_one_that_is_carried():
    assert DEFAULT_TARGET in available()


@pytest.mark.parametrize("name", available())
def test_every_carried_target_is_described_right(name):
    target = load_target(name)
    assert target.name == name
    assert target.board_folder.is_dir()


def test_m33_is_read_with_its_types():
    target = load_target("m33")
    assert target.qemu is not None
    assert target.qemu.machine == "mps2-an505"
    assert target.window is not None
    assert target.window.address == 0x8000_0000
    assert target.natmod.arch == "armv7emsp"
    assert {memory.name: memory.length for memory in target.memory}["PSRAM"] == 16 * 1024 * 1024


def test_a_path_to_a_folder_works_too(tmp_path):
    target = load_target(folder_with(tmp_path, M33))
    assert (target.name, target.folder) == ("mine", tmp_path / "mine")


def test_tables_that_may_be_absent(tmp_path):
    text = M33[: M33.index("[[memory]]")].replace("[window]\naddress = 0x80000000\nsize = 0x01000000\n", "")
    target = load_target(folder_with(tmp_path, text))
    assert target.window is None
    assert target.memory == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[qemu]", "[quemu]", "quemu: unknown key"),
        ('emulator = "qemu"', 'emulator = "qemu"\ncolour = "red"', "colour: unknown key"),
        ('machine = "mps2-an505"', "machine = 505", r"qemu\.machine: .*string \(it is 505\)"),
        ('machine = "mps2-an505"', "", r"qemu\.machine: Field required"),
        ("size = 0x01000000", "size = -1", r"window\.size: .*greater than 0 \(it is -1\)"),
        ('micropython = "1.26.1"', 'micropython = "latest"', r"firmware\.micropython: .*'latest'"),
        ('kind = "ram"', 'kind = "rom"', r"memory\.0\.kind: .*'rom'"),
        ("[firmware.make]", "[firmware.make]\nDEBUG = 1", r"firmware\.make\.DEBUG: .*string \(it is 1\)"),
        ('core = "cortex-m33"', 'core = "cortex-m33"\nname = "m33"', "name: is not a key, the folder gives it"),
        ('core = "cortex-m33"', "core = ", "is not valid TOML: .*line"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path, old, new, message):
    assert old in M33
    path = folder_with(tmp_path, M33.replace(old, new))
    with pytest.raises(TargetInvalid, match=rf"(?s){path}/target\.toml.*{message}"):
        load_target(path)


def test_qemu_needs_its_table(tmp_path):
    text = M33.replace('[qemu]\nbinary = "qemu-system-arm"\nmachine = "mps2-an505"\n', "")
    with pytest.raises(TargetInvalid, match=r"needs a table \[qemu\]"):
        load_target(folder_with(tmp_path, text))


@pytest.mark.parametrize("name", ["nothing", "", "..", "/nonexistent"])
def test_an_unknown_target_says_which_there_are(name):
    with pytest.raises(TargetInvalid, match=r"there is no target .*Known targets: .*m33"):
        load_target(name)
