"""Where Renode is looked for, and what is taken for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.errors import SourceUnavailable, ToolMissing
from mpy_harness.firmware.progress import Silent
from mpy_harness.machines.renode.kind import VARIABLE
from mpy_harness.targets import load_target

TARGET = load_target("renode-m33")


def program(folder: Path, version: str = "1.16.1.20644", name: str = "renode") -> Path:
    """Write a program that says its version as Renode does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho 'Renode v{version}'\necho '  build: d66b0c2a'\n")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths below which nothing is; what starts a script stays findable."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(VARIABLE, raising=False)


def test_on_path(tmp_path):
    there = program(tmp_path / "bin")
    assert machines.kind_of(TARGET).find() == there
    assert machines.kind_of(TARGET).version() == "Renode v1.16.1.20644"


def test_what_renode_run_installed(tmp_path):
    there = program(tmp_path / "renode-1.16.1")
    known = tmp_path / "home/.config/renode/renode-run.json"
    known.parent.mkdir(parents=True)
    known.write_text(json.dumps({"default": {"path": str(there.parent)}, "installations": {str(there.parent): "1"}}))
    assert machines.kind_of(TARGET).find() == there
    on_path = program(tmp_path / "bin")
    assert machines.kind_of(TARGET).find() == on_path


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"installations": {"/nowhere": "1"}}', '{"default": []}', '{"installations": null}']
)
def test_a_list_of_renode_run_that_says_nothing(tmp_path, text):
    known = tmp_path / "home/.config/renode/renode-run.json"
    known.parent.mkdir(parents=True)
    known.write_text(text)
    with pytest.raises(ToolMissing, match="renode is not on PATH and renode-run has installed none"):
        machines.kind_of(TARGET).find()


def test_none_says_how_to_get_it():
    with pytest.raises(ToolMissing) as caught:
        machines.kind_of(TARGET).find()
    assert "pip install git+https://github.com/antmicro/renode-run" in str(caught.value)
    assert "then: mpy-harness setup renode-m33" in str(caught.value)


def test_one_that_is_named(tmp_path, monkeypatch):
    program(tmp_path / "bin")
    named = program(tmp_path / "mine", name="my-renode")
    monkeypatch.setenv(VARIABLE, str(named))
    assert machines.kind_of(TARGET).find() == named
    named.chmod(0o644)
    with pytest.raises(ToolMissing, match=r"MPY_HARNESS_RENODE names .*my-renode, which is no program\. Correct it"):
        machines.kind_of(TARGET).find()


@pytest.mark.parametrize("version", ["1.15.3.1", "1.9.0.2", "0.1.2"])
def test_one_that_is_too_old(tmp_path, version):
    there = program(tmp_path / "bin", version)
    with pytest.raises(ToolMissing) as caught:
        machines.kind_of(TARGET).version()
    assert f"{there} is too old: Renode v{version}. Renode 1.16 or newer is needed." in str(caught.value)


@pytest.mark.parametrize("version", ["1.16.0.1", "1.20.1", "2.0.0.7"])
def test_newer_ones(tmp_path, version):
    program(tmp_path / "bin", version)
    assert machines.kind_of(TARGET).version() == f"Renode v{version}"


def test_setting_up_asks_renode_run(tmp_path):
    # It is given a pinned release, and what it installs is found afterwards.
    tool = program(tmp_path / "bin", name="renode-run")
    there = tmp_path / "installed"
    program(there)
    known = tmp_path / "home/.config/renode/renode-run.json"
    known.parent.mkdir(parents=True)
    said = json.dumps({"installations": {str(there): "1.16.1"}})
    tool.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/asked\necho '{said}' > {known}\n")
    machines.kind_of(TARGET).set_up(Silent())
    asked = (tmp_path / "asked").read_text().split()
    assert asked[0] == "install"
    assert asked[1].endswith("/v1.16.1/renode-1.16.1.linux-portable-dotnet.tar.gz")
    assert machines.kind_of(TARGET).find() == there / "renode"


def test_setting_up_fails_clearly(tmp_path):
    with pytest.raises(ToolMissing, match="Install renode-run"):
        machines.kind_of(TARGET).set_up(Silent())
    tool = program(tmp_path / "bin", name="renode-run")
    tool.write_text("#!/bin/sh\necho 'no route to host' >&2\nexit 1\n")
    with pytest.raises(SourceUnavailable, match=r"(?s)did not install Renode 1\.16\.1 \(status 1\).*no route to host"):
        machines.kind_of(TARGET).set_up(Silent())
