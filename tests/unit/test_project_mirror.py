"""The copy of a project that a native module is built in."""

from __future__ import annotations

import os
from pathlib import Path

from mpy_harness.firmware.project_mirror import Mirror


def test_of_what_lies_around_a_module_in_no_repository_little_is_looked_at(tmp_path: Path) -> None:
    module = tmp_path / "somewhere" / "src" / "own"
    module.mkdir(parents=True)
    (module / "own.c").touch()
    for number in range(60):
        folder = tmp_path / "somewhere" / "downloads" / f"{number}" / "deep"
        folder.mkdir(parents=True)
        for name in range(60):
            (folder / f"{name}.txt").write_text(f"{number}/{name}")
    mirror = Mirror(module, tmp_path / "copy")
    mirror.fill()
    made = sum(len(folders) + len(names) for _, folders, names in os.walk(tmp_path / "copy"))
    assert made < 1300
    there = mirror.place.parent.parent / "downloads" / "59" / "deep" / "59.txt"
    assert there.read_text() == "59/59"
    assert (mirror.place / "own.c").is_file()
    assert not (mirror.place / "own.c").is_symlink()
