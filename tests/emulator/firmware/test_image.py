"""Firmware builds: what decides the key, what a kill leaves, and that the same inputs give the same bytes."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from mpy_harness.errors import BuildFailed, TargetInvalid
from mpy_harness.firmware import cache, image, toolchain
from mpy_harness.firmware.board_sources import board_sources
from mpy_harness.firmware.image import cached_firmware, firmware_for
from mpy_harness.firmware.sources import Source
from mpy_harness.targets import Target, load_target

BUILDER = """
import sys
from pathlib import Path
from mpy_harness.firmware.image import firmware_for
from mpy_harness.targets import load_target

print(firmware_for(load_target(sys.argv[1]), source=Path(sys.argv[2])).elf)
"""


def copy_of(target: Target, folder: Path) -> Target:
    """Copy the target's folder, to be changed; the name stays, it is part of the key."""
    shutil.copytree(target.folder, folder / target.name)
    return load_target(str(folder / target.name))


def with_own_board(target: Target, folder: Path) -> Target:
    """Copy the target's folder; what is generated of its board is a folder of its own there, with the MPU's code."""
    mine = copy_of(target, folder)
    sources = board_sources(mine)
    text = (mine.folder / "target.toml").read_text(encoding="utf-8")
    head, _, rest = text.partition("[firmware.board]")
    text = f'{head}board = "board"\n\n[natmod]{rest.partition("[natmod]")[2]}'
    (mine.folder / "target.toml").write_text(text, encoding="utf-8")
    board = mine.folder / "board"
    board.mkdir()
    for name in ("board_chip.h", "board_map.h", "memory.ld", "mpconfigboard.h", "mpconfigboard.mk"):
        without_mpu = re.sub(r"BOARD_MPU = .*\n", "", sources.generated[name])
        (board / name).write_text(without_mpu, encoding="utf-8")
    shutil.copy(sources.folders["SHARED_DIR"] / "board_pmsav8.c", board / "board_chip.c")
    return load_target(str(mine.folder))


def planned(target: Target, source: Source, **tools: str) -> image.FirmwareProvenance:
    spec = target.built
    found = toolchain.toolchain(target.cross, spec.micropython)
    return image._plan(target, source, dataclasses.replace(found, **tools))


def test_the_image_is_an_arm_elf_with_its_provenance_beside(m33, source):
    firmware = firmware_for(m33)
    with firmware.elf.open("rb") as file:
        assert ELFFile(file).get_machine_arch() == "ARM"
    facts = firmware.provenance
    assert facts.source_sha256 == source.sha256
    assert facts.image_sha256 == hashlib.sha256(firmware.elf.read_bytes()).hexdigest()
    assert "arm-none-eabi-gcc" in facts.toolchain["gcc"]
    assert (firmware.elf.parent / "provenance.json").is_file()
    assert b"v1.26.1 on 2025-09-11" in firmware.elf.read_bytes()
    assert cached_firmware(m33, source) == firmware
    assert firmware_for(m33) == firmware


def test_the_source_stays_as_it_was_fetched(m33, source):
    firmware_for(m33)
    assert cache.hash_tree(source.path) == source.sha256
    assert not list(source.path.rglob("__pycache__"))


def test_each_input_changes_the_key(m33, source, tmp_path):
    plain = planned(m33, source)
    assert planned(copy_of(m33, tmp_path / "same"), source).key() == plain.key()

    own_board = with_own_board(m33, tmp_path / "board")
    key_of_own_board = planned(own_board, source).key()
    with (own_board.folder / "board" / "mpconfigboard.mk").open("a") as file:
        file.write("# changed\n")
    more_stack = m33.firmware.board.model_copy(update={"stack": 65536})
    stack_changed = m33.model_copy(update={"firmware": m33.firmware.model_copy(update={"board": more_stack})})
    make_changed = m33.model_copy(
        update={"firmware": m33.firmware.model_copy(update={"make": {"MICROPY_HEAP_SIZE": "65536"}})}
    )
    other_source = dataclasses.replace(source, sha256="0" * 64)
    keys = {
        plain.key(),
        key_of_own_board,
        planned(own_board, source).key(),
        planned(stack_changed, source).key(),
        planned(make_changed, source).key(),
        planned(m33, other_source).key(),
        planned(m33, source, gcc="arm-none-eabi-gcc 99").key(),
        planned(m33, source, mpy_cross="MicroPython v1.26.1, rebuilt").key(),
        dataclasses.replace(plain, recipe=plain.recipe + 1).key(),
    }
    assert len(keys) == 9
    assert dataclasses.replace(plain, origin="elsewhere").key() == plain.key()


def test_a_board_that_does_not_build_shows_why_and_keeps_the_log(m33, source, tmp_path):
    target = with_own_board(m33, tmp_path)
    (target.folder / "board" / "mpconfigboard.mk").write_text("$(error no such core)\n")
    with pytest.raises(BuildFailed, match=r"(?s)firmware of m33 did not build.*no such core.*whole log: ") as caught:
        firmware_for(target)
    log = Path(str(caught.value).rpartition("whole log: ")[2])
    assert "no such core" in log.read_text()
    assert cached_firmware(target, source) is None
    log.unlink()


def test_a_board_without_its_makefile_is_told_before_make_is_asked(m33, tmp_path):
    target = with_own_board(m33, tmp_path)
    (target.folder / "board" / "mpconfigboard.mk").unlink()
    with pytest.raises(TargetInvalid, match=r"firmware\.board: .*/board has no mpconfigboard\.mk, which"):
        firmware_for(target)


@pytest.mark.parametrize(
    ("makefile", "error", "message"),
    [
        ("all:\n\t@echo built nothing\n", BuildFailed, r"left no firmware\.elf: firmware\.image in the target's"),
        (
            "include boards/$(BOARD).mk\n",  # as the port of 1.24 has it
            TargetInvalid,
            r"MicroPython 1\.26\.1: its port 'tiny' takes no board from outside .* from 1\.25\.0 on",
        ),
    ],
)
def test_a_tree_whose_port_does_not_build_the_image(m33, source, tmp_path, monkeypatch, makefile, error, message):
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    tree = tmp_path / "mine"
    for name, text in {
        "py/mpconfig.h": (source.path / "py/mpconfig.h").read_text(),
        "ports/tiny/Makefile": makefile,
    }.items():
        (tree / name).parent.mkdir(parents=True)
        (tree / name).write_text(text)
    target = m33.model_copy(update={"firmware": m33.firmware.model_copy(update={"port": "tiny"})})
    with pytest.raises(error, match=message):
        firmware_for(target, source=tree)


@pytest.mark.parametrize(
    ("update", "message"),
    [({"board": "nothing"}, r"firmware\.board: there is no folder"), ({"port": "nothing"}, "has no port 'nothing'")],
)
def test_a_target_that_names_what_is_not_there(m33, update, message):
    target = m33.model_copy(update={"firmware": m33.firmware.model_copy(update=update)})
    with pytest.raises(TargetInvalid, match=message):
        firmware_for(target)


@pytest.mark.slow
def test_a_board_with_files_of_its_own_on_the_shared_code(m33, source, tmp_path):
    theirs, mine = (firmware_for(target).elf.read_bytes() for target in (m33, with_own_board(m33, tmp_path)))
    assert code_of(mine) == code_of(theirs)


def code_of(elf: bytes) -> bytes:
    section = ELFFile(io.BytesIO(elf)).get_section_by_name(".text")
    assert section is not None
    return section.data()


@pytest.mark.slow
def test_killed_then_built_by_two_processes_once_to_the_same_bytes(m33, source, tmp_path):
    """One private cache: a build is killed, two processes then build at once; the bytes are the shared cache's."""
    private = tmp_path / "cache"
    killed = builder(m33, source, private)
    part = wait_for_objects(private)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=30)
    assert not [path for path in (private / "firmware").iterdir() if not path.name.startswith(".")]
    assert part.is_dir()

    both = [builder(m33, source, private) for _ in range(2)]
    outputs = [process.communicate(timeout=600)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert outputs[0] == outputs[1]
    elf = Path(outputs[0].strip())
    assert not part.exists()
    assert [path.name for path in (private / "firmware").iterdir() if path.name[0] != "."] == [elf.parent.name]
    assert elf.read_bytes() == firmware_for(m33).elf.read_bytes()


def builder(target: Target, source: Source, private: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(target.folder), str(source.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, cache.ENVIRONMENT: str(private)},
        start_new_session=True,
    )


def wait_for_objects(private: Path, seconds: float = 120) -> Path:
    """Wait until a build is well under way; return the folder it works in."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for found in (private / "firmware").glob(".part-*/new/work/*/*/*/build/py/*.o"):
            return next(parent for parent in found.parents if parent.name.startswith(".part-"))
        time.sleep(0.02)
    pytest.fail(f"no build began within {seconds} s")
