"""The folders of a target's architecture on the device path."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.board.device_path import folders_for
from mpy_harness.targets import load_target


def test_folders_of_the_architecture_come_before_their_own(tmp_path: Path) -> None:
    for name in ("armv7emsp_6.3", "armv7emsp_6.10", "armv6m_6.3", "armv7emsp", "armv7emsp_old", "lib"):
        (tmp_path / "dist" / name).mkdir(parents=True)
    (tmp_path / "dist" / "armv7emsp_7").write_text("no folder")
    (tmp_path / "more").mkdir()
    dist, more = tmp_path / "dist", tmp_path / "more"
    newest = (dist / "armv7emsp_6.10", dist / "armv7emsp_6.3", dist, more)
    assert folders_for([dist, more], load_target("m33")) == newest
    assert folders_for([dist], load_target("m0")) == (dist / "armv6m_6.3", dist)
    assert folders_for([dist], load_target("rv32")) == (dist,)
    assert folders_for([], load_target("rv32")) == ()
