"""target.toml: what is read, and how a wrong one is explained."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.errors import TargetInvalid
from mpy_harness.machines.qemu.kind import QemuTable
from mpy_harness.resources import targets_dir
from mpy_harness.targets import DEFAULT_TARGET, PublishedFirmware, Window, available, chosen, load_target, matching

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
    assert machines.kind_of(target).name


def test_m33_is_read_with_its_types():
    target = load_target("m33")
    assert target.machine_as(QemuTable).machine == "mps2-an505"
    assert target.window is not None
    assert target.window.address == 0x8000_0000
    assert target.natmod.arch == "armv7emsp"
    assert {memory.name: memory.length for memory in target.memory}["PSRAM"] == 16 * 1024 * 1024


def test_patterns_stand_for_carried_targets():
    assert matching("all") == available()
    assert matching("m7*") == ["m7", "m7-dp"]
    assert matching("m[34]@1.25.0") == ["m3@1.25.0", "m4@1.25.0"]
    assert matching("m33") is None
    with pytest.raises(TargetInvalid, match=r"called like 'x\*'. Known targets: .*m33"):
        matching("x*")


def test_what_is_named_is_told_from_what_a_pattern_stands_for():
    assert chosen(["m7*", "m33", "m7", "my/board"]) == {"m7": True, "m7-dp": False, "m33": True, "my/board": True}
    assert chosen(["all"]) == dict.fromkeys(available(), False)


def test_options_of_a_machine_are_read(tmp_path):
    assert load_target("m33").machine_as(QemuTable).options == []
    assert load_target("m0").machine_as(QemuTable).options[0] == "-global"


def test_a_path_to_a_folder_works_too(tmp_path):
    target = load_target(folder_with(tmp_path, M33))
    assert (target.name, target.folder) == ("mine", tmp_path / "mine")


def test_tables_that_may_be_absent(tmp_path):
    text = M33[: M33.index("[[memory]]")]
    target = load_target(folder_with(tmp_path, text))
    assert target.window is None
    assert target.memory == ()


def test_a_window_may_be_told_without_a_memory_map(tmp_path):
    text = M33[: M33.index("[[memory]]")] + "[window]\naddress = 0x60000000\nsize = 0x1000\n"
    assert load_target(folder_with(tmp_path, text)).window == Window(address=0x6000_0000, size=0x1000)


@pytest.mark.parametrize(("name", "its"), [("renode-m33", "m33"), ("renode-stm32f4", "m4-stm32")])
def test_renodes_platforms_have_the_memory_of_the_map(name, its):
    platform = (targets_dir() / name / "platform.repl").read_text(encoding="utf-8")
    found = re.findall(r"Memory\.MappedMemory @ sysbus (0x\w+)\n +size: (0x\w+)", platform)
    there = ((int(start, 16), int(size, 16)) for start, size in found)
    target = load_target(name)
    assert target.memory == load_target(its).memory
    assert kilobytes(there) == kilobytes((memory.origin, memory.length) for memory in target.memory)


def kilobytes(memories: Iterable[tuple[int, int]]) -> set[int]:
    return {address for origin, length in memories for address in range(origin, origin + length, 1024)}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[natmod]", "[natmods]", "natmods: unknown key"),
        ("[qemu]", "[quemu]", r'emulator = "qemu" needs a table \[qemu\]'),
        (
            'emulator = "qemu"\n\n[qemu]',
            'emulator = "other"\n[other]',
            "emulator: there is no kind of machine 'other'.*qemu",
        ),
        ('emulator = "qemu"', 'emulator = "memory"', "qemu: unknown key"),
        ('emulator = "qemu"', "emulator = 1", r"emulator: .*string \(it is 1\)"),
        ("[firmware]", "[firmware]\nof = 'm33'", "firmware.of: .*stands alone"),
        ('emulator = "qemu"', 'emulator = "qemu"\ncolour = "red"', "colour: unknown key"),
        ('machine = "mps2-an505"', "machine = 505", r"qemu\.machine: .*string \(it is 505\)"),
        ('machine = "mps2-an505"', "", r"qemu\.machine: Field required"),
        ("[qemu]", '[qemu]\noptions = "-s"', r"qemu\.options: .*list"),
        ("length = 0x01000000", "length = -1", r"memory\.2\.length: .*greater than 0 \(it is -1\)"),
        ("[natmod]", "[window]\naddress = 0\nsize = 32\n[natmod]", "more than one window"),
        ("heap = 2_097_152", "heap = 0", r"firmware\.board\.heap: .*greater than 0 \(it is 0\)"),
        ("heap = 2_097_152", "pile = 1", r"firmware\.board\.pile: unknown key"),
        ("MICROPY_HW_MCU_NAME", "micropy", r"firmware\.board\.config\.micropy\..*pattern"),
        ('shared = "cortex-m"', "", r"firmware: a table \[firmware\.board\] needs shared"),
        ('micropython = "1.26.1"', 'micropython = "latest"', r"firmware\.micropython: .*'latest'"),
        ('kind = "ram"', 'kind = "rom"', r"memory\.1\.kind: .*'rom'"),
        ("[natmod]", "[firmware.make]\nDEBUG = 1\n[natmod]", r"firmware\.make\.DEBUG: .*string \(it is 1\)"),
        ('core = "cortex-m33"', 'core = "cortex-m33"\nname = "m33"', "name: is not a key, the harness gives it"),
        ('core = "cortex-m33"', "core = ", "is not valid TOML: .*line"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path, old, new, message):
    assert old in M33
    path = folder_with(tmp_path, M33.replace(old, new))
    with pytest.raises(TargetInvalid, match=rf"(?s){path}/target\.toml.*{message}"):
        machines.kind_of(load_target(path))


def other(tmp_path: Path, name: str, of: str) -> str:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "target.toml").write_text(
        f'description = "x"\nemulator = "qemu"\n[qemu]\nbinary = "b"\nmachine = "m"\n[firmware]\nof = "{of}"\n'
    )
    return str(folder)


def test_a_target_with_the_firmware_of_another_shares_what_describes_the_image(tmp_path):
    target, m33 = load_target(other(tmp_path, "theirs", "m33")), load_target("m33")
    assert target.firmware_of == m33
    assert (target.core, target.firmware, target.natmod) == (m33.core, m33.firmware, m33.natmod)
    assert (target.memory, target.cycles) == (m33.memory, m33.cycles)
    assert (target.window, target.machine) == (m33.window, {"binary": "b", "machine": "m"})


def test_firmware_of_a_target_beside_it(tmp_path):
    folder_with(tmp_path, M33)
    target = load_target(other(tmp_path, "theirs", "mine"))
    assert target.firmware_of is not None
    assert target.firmware_of.folder == tmp_path / "mine"


def test_firmware_of_one_that_has_none_of_its_own(tmp_path):
    with pytest.raises(TargetInvalid, match=r"firmware\.of: theirs has no firmware of its own either"):
        load_target(other(tmp_path, "theirs", "theirs"))


@pytest.mark.parametrize("name", ["nothing", "", "..", "/nonexistent"])
def test_an_unknown_target_says_which_there_are(name):
    with pytest.raises(TargetInvalid, match=r"there is no target .*Known targets: .*m33"):
        load_target(name)


def test_a_target_of_another_release():
    older = load_target("m33@1.25.0")
    assert (older.name, older.folder) == ("m33", load_target("m33").folder)
    assert older.firmware.micropython == "1.25.0"
    assert older.built.board == load_target("m33").built.board
    assert load_target("m33@1.29.0-preview").firmware.micropython == "1.29.0-preview"


@pytest.mark.parametrize("name", ["m33@", "m33@latest", "m33@1.29.0-rc1", "m33@1.25", "@1.25.0", "m33@1.25.0@"])
def test_a_release_is_three_numbers(name):
    with pytest.raises(TargetInvalid, match="there is no target"):
        load_target(name)


def test_published_firmware_is_of_the_releases_that_are_pinned():
    own = load_target("esp32")
    assert isinstance(own.firmware, PublishedFirmware)
    assert own.firmware.pinned == ["1.23.0", "1.24.1", "1.26.1"]
    assert load_target("esp32@1.26.1").firmware == own.firmware
    assert (own.firmware.tools, own.tools) == (None, "1.26.1")
    older = load_target("esp32@1.24.1")
    assert isinstance(older.firmware, PublishedFirmware)
    assert (older.name, older.machine, older.natmod) == (own.name, own.machine, own.natmod)
    assert (older.firmware.micropython, older.tools) == ("1.24.1", "1.26.1")
    assert older.firmware.image == "ESP32_GENERIC-20241129-v1.24.1.bin"
    assert older.firmware.url.endswith(older.firmware.image)
    assert older.firmware.sha256 != own.firmware.sha256
    told = r"of MicroPython 1\.23\.0, 1\.24\.1, 1\.26\.1; an image of 1\.25\.0 is not pinned.* --firmware"
    with pytest.raises(TargetInvalid, match=told):
        load_target("esp32@1.25.0")


def test_what_is_wrong_with_a_published_release_is_told(tmp_path):
    text = (targets_dir() / "esp32" / "target.toml").read_text(encoding="utf-8")
    for right, wrong, told in (
        ('releases."1.24.1"', 'releases."1.24"', r"firmware.*releases.*1\.24"),
        ('"21d61b52', '"21d61', r"firmware.*releases.*1\.24\.1.*sha256"),
    ):
        assert right in text
        (tmp_path / "target.toml").write_text(text.replace(right, wrong), encoding="utf-8")
        with pytest.raises(TargetInvalid, match=told):
            load_target(str(tmp_path))


def test_a_window_that_does_not_lie_in_the_memory_is_told(tmp_path):
    text = (targets_dir() / "rv32" / "target.toml").read_text(encoding="utf-8")
    for wrong in ("0x82000000", "0x80000010"):
        (tmp_path / wrong).mkdir()
        (tmp_path / wrong / "target.toml").write_text(text.replace("memory = 0x80000000", f"memory = {wrong}"))
        with pytest.raises(TargetInvalid, match=r"qemu\.memory: the window, at 0x81000000, lies before it or not at a"):
            machines.kind_of(load_target(str(tmp_path / wrong))).start(tmp_path / "firmware.elf")
