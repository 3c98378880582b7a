"""Unpacking what others packed: plain files below one folder, nothing else, and not without measure."""

from __future__ import annotations

import tarfile

import pytest

from mpy_harness.errors import SourceUnavailable
from mpy_harness.firmware import archives
from mpy_harness.firmware.archives import unpack


def test_an_archive_writes_below_its_folder_alone(tmp_path):
    file = tmp_path / "file"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    (tmp_path / "link").symlink_to("/etc/passwd")
    with tarfile.open(tmp_path / "it.tar.xz", "w:xz") as tar:
        for name in ("qemu/bin/program", "../outside"):
            tar.add(file, name)
        tar.add(tmp_path / "link", "qemu/link")
    unpack(tmp_path / "it.tar.xz", tmp_path / "to")
    there = [path.relative_to(tmp_path / "to").as_posix() for path in (tmp_path / "to").rglob("*") if not path.is_dir()]
    assert there == ["qemu/bin/program"]
    assert (tmp_path / "to/qemu/bin/program").stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "outside").exists()


def test_a_broken_archive(tmp_path):
    (tmp_path / "it.tar.xz").write_bytes(b"not an archive")
    with pytest.raises(SourceUnavailable, match=r"it\.tar\.xz cannot be unpacked"):
        unpack(tmp_path / "it.tar.xz", tmp_path / "to")


@pytest.mark.parametrize(("limit", "value"), [("_MAX_FILES", 2), ("_MAX_BYTES", 25)])
def test_an_archive_without_measure(limit, value, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, limit, value)
    (tmp_path / "file").write_bytes(bytes(10))
    with tarfile.open(tmp_path / "it.tar.xz", "w:xz") as tar:
        for number in range(3):
            tar.add(tmp_path / "file", f"file{number}")
    with pytest.raises(SourceUnavailable, match="it is not unpacked"):
        unpack(tmp_path / "it.tar.xz", tmp_path / "to")
    assert len(list((tmp_path / "to").iterdir())) == 2
