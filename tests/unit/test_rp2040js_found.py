"""Where Node, rp2040js and the chip's ROM are looked for, and what is said where they are not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.errors import CountingUnavailable, HashMismatch, SourceUnavailable, ToolMissing
from mpy_harness.firmware import cache
from mpy_harness.firmware.progress import Silent
from mpy_harness.machines.rp2040js import packages
from mpy_harness.targets import load_target

PICO = load_target("pico")


def program(file: Path, says: str, status: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
    file.chmod(0o755)
    return file


def unpacked(folder: Path, version: str = "1.4.1", name: str = "rp2040js") -> Path:
    (folder / "dist" / "esm").mkdir(parents=True)
    (folder / "dist" / "esm" / "index.js").touch()
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))
    return folder


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths below which nothing is; what starts a script stays findable."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    for name in (packages.NODE, packages.PACKAGE, packages.ROM):
        monkeypatch.delenv(name, raising=False)


def test_without_node():
    with pytest.raises(ToolMissing, match=r"node is not installed; pico runs in it\. .*apt install nodejs npm"):
        machines.kind_of(PICO).find()


@pytest.mark.parametrize("name", ["node", "nodejs"])
def test_node_on_path_and_nothing_else(tmp_path, name):
    program(tmp_path / "bin" / name, "v20.1.0")
    with pytest.raises(ToolMissing, match=r"rp2040js, in which pico runs, is not there.*mpy-harness setup pico"):
        machines.kind_of(PICO).find()


def test_an_old_node(tmp_path):
    program(tmp_path / "bin" / "node", "v16.20.2")
    with pytest.raises(ToolMissing, match=r"is too old: v16\.20\.2\. Node 18 or newer"):
        packages.node_version("pico")


def test_a_node_that_is_named(tmp_path, monkeypatch):
    named = program(tmp_path / "mine" / "my-node", "v22.3.0")
    monkeypatch.setenv(packages.NODE, str(named))
    assert packages.node("pico") == named
    assert packages.node_version("pico") == "v22.3.0"
    named.unlink()
    with pytest.raises(ToolMissing, match=r"MPY_HARNESS_NODE names .*my-node, which is no program"):
        packages.node("pico")


def test_a_package_that_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv(packages.PACKAGE, str(unpacked(tmp_path / "mine")))
    assert packages.package("pico") == tmp_path / "mine"
    assert packages.package_version("pico") == "1.4.1"


@pytest.mark.parametrize(
    ("version", "name", "said"),
    [("1.3.3", "rp2040js", "is rp2040js 1.3.3, not 1.4"), ("1.4.1", "another", "is no package rp2040js")],
)
def test_another_package_is_refused(tmp_path, monkeypatch, version, name, said):
    monkeypatch.setenv(packages.PACKAGE, str(unpacked(tmp_path / "mine", version, name)))
    with pytest.raises(ToolMissing, match=f"MPY_HARNESS_RP2040JS names .*mine, which {said}"):
        packages.package("pico")


def test_a_rom_that_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv(packages.ROM, str(tmp_path / "rom"))
    with pytest.raises(ToolMissing, match="rom cannot be read: No such file"):
        packages.rom("pico")
    (tmp_path / "rom").write_bytes(bytes(16_384))
    with pytest.raises(HashMismatch, match=r"the ROM in .*rom is not the file that is pinned"):
        packages.rom("pico")
    (tmp_path / "rom").write_text("export const rom = [0x00000000, 0x12345678];")
    with pytest.raises(HashMismatch):
        packages.rom("pico")


def test_without_npm(tmp_path):
    program(tmp_path / "bin" / "node", "v20.1.0")
    with pytest.raises(ToolMissing, match=r"npm is not installed; it fetches rp2040js for pico\. On Debian: apt"):
        machines.kind_of(PICO).set_up(Silent())


def test_npm_that_fails(tmp_path):
    program(tmp_path / "bin" / "node", "v20.1.0")
    program(tmp_path / "bin" / "npm", "no such host", status=1)
    with pytest.raises(SourceUnavailable, match=r"(?s)npm did not fetch rp2040js 1\.4\.1 \(status 1\).*no such host"):
        machines.kind_of(PICO).set_up(Silent())
    assert cache.entry("rp2040js", "rp2040js-1.4.1") is None


def test_another_archive_is_refused(tmp_path):
    program(tmp_path / "bin" / "node", "v20.1.0")
    npm = program(tmp_path / "bin" / "npm", "packed")
    npm.write_text('#!/bin/sh\necho archive > "$4/rp2040js-1.4.1.tgz"\n')
    with pytest.raises(HashMismatch):
        machines.kind_of(PICO).set_up(Silent())


@pytest.mark.parametrize("mode", ["classes", "functions", "memory"])
def test_what_is_not_counted(mode):
    with pytest.raises(CountingUnavailable, match=f"counting {mode} is not there for pico, .*only count"):
        machines.kind_of(PICO).instrument(Path("image"), mode, Silent())
