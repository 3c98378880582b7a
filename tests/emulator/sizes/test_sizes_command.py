"""``mpy-harness sizes``: firmware by its target's name, files, folders of native modules; what is none of these."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mpy_harness.board.natmod_loader import build_module
from mpy_harness.firmware.image import Firmware
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import Target
from tests import warm


def sizes(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "mpy_harness", "sizes", *map(str, arguments)]
    return warm.run(words, env=os.environ | {"COLUMNS": "160"})


def test_the_default_is_the_default_targets_firmware(firmware: Firmware) -> None:
    done = sizes("--top", "3")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["m33"]
    assert next(line for line in lines if line[:1] == ["FLASH"])[1:2] == ["flash"]
    symbols = [line for line in lines if "mp_execute_bytecode" in line]
    assert symbols[0][1] == "py/vm.o"


def test_a_target_alone_is_its_firmware() -> None:
    done = sizes("--target", "m4-stm32", "--top", "3")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "m4-stm32"


@pytest.mark.parametrize("arguments", [["esp32c3"], ["--target", "esp32"]])
def test_firmware_that_is_no_elf_file(arguments: list[str]) -> None:
    done = sizes(*arguments)
    assert done.returncode != 0
    assert f"the firmware of {arguments[-1]} is published as an image of flash, not as an ELF file" in done.stderr


def test_json_has_all_of_it(firmware: Firmware, m33: Target) -> None:
    built = build_module(natmods_dir() / "iir", m33)
    done = sizes(firmware.elf, built.path, natmods_dir() / "iir", "m33", "--target", "m33", "--json")
    assert done.returncode == 0, done.stderr
    elf, mpy, folder, named = json.loads(done.stdout).values()
    assert elf == named
    assert [region["name"] for region in elf["regions"]] == ["FLASH", "RAM"]
    assert sum(region["used"] for region in elf["regions"]) == elf["flash"]["bytes"] + elf["ram"]["bytes"]
    assert mpy["kind"] == folder["kind"] == "mpy"
    assert mpy["file"] == folder["file"] == built.path.stat().st_size
    assert folder["got"] is not None


def test_a_folder_is_built_and_its_symbols_are_shown() -> None:
    done = sizes(natmods_dir() / "iir")
    assert done.returncode == 0, done.stderr
    assert any(line.split()[:2] == ["filter_run", "iir.o"] for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"# text", "is neither an ELF image nor a .mpy file"), (b"\x7fELF", "is not a whole ELF file"), (b"M\6", "mpy")],
)
def test_what_has_no_sizes(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "thing").write_bytes(content)
    done = sizes(tmp_path / "thing")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_not_there() -> None:
    done = sizes("nothing-of-that-name")
    assert done.returncode == 2
    assert "there is no target 'nothing-of-that-name'" in done.stderr
