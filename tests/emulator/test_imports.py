from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.board.device_path import import_mounts
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import FloatAbiWarning, GuestException
from mpy_harness.firmware.natmods import build_natmod
from mpy_harness.firmware.sources import micropython_source
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import Target


def test_soft_float_module_on_a_hard_float_core_warns(pool: BoardPool, m33: Target) -> None:
    version = m33.firmware.micropython
    build = build_natmod(natmods_dir() / "fir", "armv7m", source=micropython_source(version), micropython=version)
    board = pool.board(m33)
    with pytest.warns(FloatAbiWarning, match=r"fir.mpy is built for armv7m, but the firmware of m33 .*garbage"):
        board.import_native(build.path)
    # Warnings are errors in this project: the right architecture gives none.
    board.import_native(build_module(natmods_dir() / "fir", m33).path)


def test_device_path_comes_before_the_guests_own_root(pool: BoardPool, m33: Target, tmp_path: Path) -> None:
    for number in (0, 1):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "which.py").write_text(f"number = {number}\n")
    (tmp_path / "1" / "only.py").write_text("number = 1\n")
    board = pool.board(m33, HostFiles((), import_mounts([tmp_path / "0", tmp_path / "1"])))
    board.files.put(b"number = 2\n", "which.py")
    board.exec("import which, only")
    assert (board.eval("which.number"), board.eval("only.number")) == (0, 1)


def test_without_host_files_the_guest_sees_none(pool: BoardPool, m33: Target) -> None:
    board = pool.board(m33)
    assert board.files.list() == []
    with pytest.raises(GuestException, match="ENOENT"):
        board.files.get("pyproject.toml")
