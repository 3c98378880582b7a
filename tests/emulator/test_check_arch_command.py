"""``mpy-harness check-arch``: files of many architectures on the core of each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mpy_harness.board.natmod_loader import build_module
from mpy_harness.firmware.image import firmware_for
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import load_target
from tests.emulator.absent import target_or_skip
from tests.emulator.projects import mpy_harness
from tests.emulator.test_every_core import PLANTED
from tests.emulator.tiny import build_tiny

#: What MicroPython's loader runs is the code of mpy_init.
AT_IMPORT = PLANTED.replace("MP_DYNRUNTIME_INIT_ENTRY", "MP_DYNRUNTIME_INIT_ENTRY\n    one();")
TARGETS = {"armv6m_6.3": "m0", "armv7m_6.3": "m3", "armv7emsp_6.3": "m4", "armv7emdp_6.3": "m7-dp"}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    sources = tmp_path_factory.mktemp("sources")
    for arch, target in TARGETS.items():
        (folder / arch).mkdir()
        shutil.copy(build_tiny(sources / target, "planted", AT_IMPORT, target).path, folder / arch)
        firmware_for(load_target(target))  # the command would build it, in more time than a test has
    return folder


def test_each_file_is_loaded_on_the_core_of_its_architecture(published: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(published, tmp_path / "published")
    (folder / "armv7m_6.3" / "broken.mpy").write_bytes(b"M\6")
    done = mpy_harness("check-arch", folder, cwd=tmp_path)
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines()}
    for arch, target in TARGETS.items():
        row = rows[f"{arch}/planted.mpy"]
        assert row[2] == target
        assert row[-1] == ("GuestFault" if target == "m0" else "loads"), done.stderr
    assert rows["armv7m_6.3/broken.mpy"][-1] == "CorruptModule"
    assert "broken.mpy is missing in armv6m_6.3, armv7emdp_6.3, armv7emsp_6.3" in done.stdout
    assert "armv6m_6.3/planted.mpy: the core took a HardFault" in done.stderr
    assert done.returncode == 1


def test_what_loads_everywhere_ends_well(published: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(published, tmp_path / "published", ignore=shutil.ignore_patterns("armv6m*"))
    done = mpy_harness("check-arch", folder, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(" loads") == 3


@pytest.mark.parametrize(("name", "arch", "core"), [("rv32", "rv32imc", "rv32imc"), ("unix", "x64", "x86-64")])
def test_a_file_that_is_not_for_arm(tmp_path: Path, name: str, arch: str, core: str) -> None:
    target = target_or_skip(name)
    firmware_for(target)
    build = build_module(natmods_dir() / "fir", target)
    (tmp_path / "dist" / f"{arch}_6.3").mkdir(parents=True)
    shutil.copy(build.path, tmp_path / "dist" / f"{arch}_6.3")
    done = mpy_harness("check-arch", "dist", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = (line.split() for line in done.stdout.splitlines() if "fir.mpy" in line)
    assert (row[1:3], row[-1]) == ([core, name], "loads")


def test_files_for_cores_that_are_not_here_are_told(published: Path, tmp_path: Path) -> None:
    (tmp_path / "dist" / "xtensa_6.3").mkdir(parents=True)
    data = bytearray((published / "armv7m_6.3" / "planted.mpy").read_bytes())
    data[2] = data[2] & 3 | 9 << 2
    (tmp_path / "dist" / "xtensa_6.3" / "planted.mpy").write_bytes(data)
    done = mpy_harness("check-arch", "dist", cwd=tmp_path)
    assert "not tried" in done.stdout
    assert "no target has a core for xtensa" in done.stderr
    assert done.returncode == 0


def test_a_folder_without_files_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = mpy_harness("check-arch", "empty", cwd=tmp_path)
    assert done.returncode == 2
    assert "no .mpy file" in done.stderr
