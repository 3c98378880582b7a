"""This repository's own cases on an ESP32, where no compiler makes native modules for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mpy_harness.targets import load_target
from tests.emulator.sharing import published_image

REPOSITORY = Path(__file__).resolve().parents[3]
REFUSES = "cases/classifiers/digits_small/test_digits_small.py::test_refuses_arrays_that_do_not_fit[esp32]"
COMPILER = "xtensa-esp32-elf-gcc"


@pytest.fixture
def without_compiler(tmp_path: Path) -> str:
    """Return a PATH with all programs but that compiler."""
    for folder in map(Path, reversed(os.environ["PATH"].split(os.pathsep))):
        for program in folder.glob("*") if folder.is_dir() else ():
            if program.name != COMPILER:
                (tmp_path / program.name).unlink(missing_ok=True)
                (tmp_path / program.name).symlink_to(program)
    return str(tmp_path)


def test_native_modules_skip_without_their_compiler(without_compiler: str) -> None:
    published_image(load_target("esp32"))
    cases = ["cases/pipeline/activity/workload.py::Activity::test_case[native-motion-esp32]", REFUSES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--target", "esp32", "-n", "0", "-rs", "-p", "no:cacheprovider", *cases],
        cwd=REPOSITORY,
        env=os.environ | {"PATH": without_compiler},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "2 skipped" in done.stdout, done.stdout
    assert f"no compiler for native modules of the esp32: {COMPILER} is not installed" in done.stdout
