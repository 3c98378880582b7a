"""The wheel in an environment of its own, used by another project: nothing of this checkout is in reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator.installed import Installed

OTHER_PROJECT = """
from pathlib import Path

import mpy_harness
from mpy_harness.resources import natmods_dir


def test_it_is_the_wheel():
    package = Path(mpy_harness.__file__).parent
    assert package.is_relative_to({environment!r})
    assert natmods_dir() == package / "_data" / "natmods"


def test_board(board):
    assert board.eval("6 * 7") == 42
    assert board.target.folder.is_relative_to({environment!r})


def test_module_of_the_wheel(natmod, board):
    module = natmod("iir")
    assert board.call("lambda m: m.__name__", module) == "iir"
    assert module.build.arch == "armv7emsp"
"""


@pytest.mark.slow
def test_the_wheel_works_for_another_project(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(OTHER_PROJECT.format(environment=str(installed.folder)))
    out = installed.run("pytest", "-v", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "3 passed" in out
    assert "native modules" in out
    assert "mpy-harness " in installed.run("mpy_harness", "--version", cwd=tmp_path)
    assert "m33" in installed.run("mpy_harness", "targets", cwd=tmp_path)
