"""Where Espressif's QEMU is looked for, and what is taken for it."""

from __future__ import annotations

import hashlib
import os
import platform
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.errors import HashMismatch, SourceUnavailable, ToolMissing
from mpy_harness.firmware import cache
from mpy_harness.firmware.progress import Silent
from mpy_harness.machines.espressif import release
from mpy_harness.targets import load_target

ESP32 = load_target("esp32")


def program(folder: Path, *machines: str, name: str = "qemu-system-xtensa") -> Path:
    """Write a program that lists machines as QEMU does."""
    folder.mkdir(parents=True)
    lines = "".join(f"echo '{machine}    some machine'\n" for machine in machines)
    (folder / name).write_text(f"#!/bin/sh\necho 'Supported machines are:'\n{lines}")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths below which nothing is; what starts a script stays findable."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("IDF_TOOLS_PATH", str(tmp_path / "idf"))
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    monkeypatch.delenv("MPY_HARNESS_QEMU_XTENSA", raising=False)


def test_on_path(tmp_path):
    there = program(tmp_path / "bin", "esp32", "esp32s3", "sim")
    assert machines.kind_of(ESP32).find() == there


def test_the_newest_of_esp_idf(tmp_path, monkeypatch):
    program(tmp_path / "bin", "sim", "virt")
    program(tmp_path / "idf/tools/qemu-xtensa/esp_develop_9.0.0_20240606/qemu/bin", "esp32")
    newest = program(tmp_path / "idf/tools/qemu-xtensa/esp_develop_9.2.2_20260417/qemu/bin", "esp32")
    assert machines.kind_of(ESP32).find() == newest
    monkeypatch.delenv("IDF_TOOLS_PATH")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "idf").rename(tmp_path / "home" / ".espressif")
    assert machines.kind_of(ESP32).find().is_relative_to(tmp_path / "home")


def test_a_distributions_qemu_is_told_apart(tmp_path):
    there = program(tmp_path / "bin", "sim", "virt", "esp32-like")
    with pytest.raises(ToolMissing) as caught:
        machines.kind_of(ESP32).find()
    assert f"{there} has no machine 'esp32'; running the firmware needs Espressif's fork" in str(caught.value)
    assert "mpy-harness setup esp32" in str(caught.value)


def test_none_at_all():
    with pytest.raises(ToolMissing, match="there is no qemu-system-xtensa; running"):
        machines.kind_of(ESP32).find()


def test_one_that_is_named(tmp_path, monkeypatch):
    program(tmp_path / "bin", "esp32")
    named = program(tmp_path / "mine", "esp32", name="my-qemu")
    monkeypatch.setenv("MPY_HARNESS_QEMU_XTENSA", str(named))
    assert machines.kind_of(ESP32).find() == named
    named.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(ToolMissing, match=r"names .*my-qemu, which has no machine 'esp32'\. Correct MPY_HARNESS"):
        machines.kind_of(ESP32).find()
    named.unlink()
    with pytest.raises(ToolMissing, match=r"names .*my-qemu, which is no program"):
        machines.kind_of(ESP32).find()


@pytest.mark.parametrize("known", release.RELEASES.values(), ids=list(release.RELEASES))
def test_releases_are_pinned_for_each_platform(known):
    assert sorted(known.hashes) == sorted(
        f"{machine}-{system}" for machine in ("aarch64", "x86_64") for system in ("apple-darwin", "linux-gnu")
    )
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in known.hashes.values())


def test_a_platform_without_a_release(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(SourceUnavailable, match="Espressif publishes no qemu-system-xtensa for riscv64-"):
        release.fetch(release.RELEASES["qemu-system-xtensa"], "esp32", Silent())


@pytest.mark.parametrize("is_the_pinned", [True, False])
def test_a_release_is_fetched_checked_and_found(tmp_path, monkeypatch, server, is_the_pinned):
    monkeypatch.setenv("PATH", os.defpath)  # what unpacks, and the shell
    program(tmp_path / "qemu" / "bin", "esp32")
    packed = tmp_path / "packed.tar.xz"
    with tarfile.open(packed, "w:xz") as tar:
        tar.add(tmp_path / "qemu", "qemu")
    sha256 = hashlib.sha256(packed.read_bytes()).hexdigest() if is_the_pinned else "0" * 64
    known = replace(release.RELEASES["qemu-system-xtensa"], hashes={release._platform(): sha256})
    monkeypatch.setitem(release.RELEASES, "qemu-system-xtensa", known)
    server.answers = [(200, packed.read_bytes())]
    monkeypatch.setattr(release, "_BASE", f"http://127.0.0.1:{server.server_port}")
    if is_the_pinned:
        machines.kind_of(ESP32).set_up(Silent())
        assert machines.kind_of(ESP32).find().is_relative_to(tmp_path / "cache")
        machines.kind_of(ESP32).set_up(Silent())  # asks nobody
    else:
        with pytest.raises(HashMismatch):
            machines.kind_of(ESP32).set_up(Silent())
        with pytest.raises(ToolMissing):
            machines.kind_of(ESP32).find()
    assert server.requests == 1
    assert [path.name for path in (tmp_path / "cache" / "qemu").glob(".part-*")] == []
