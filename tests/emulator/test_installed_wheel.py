"""The wheel in an environment of its own, used by another project: nothing of this checkout is in reach."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from mpy_harness.firmware import cache

REPOSITORY = Path(__file__).parents[2]

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


def run(command: list[str | Path], *, cwd: Path, **env: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=environment | env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_works_for_another_project(tmp_path):
    here = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *here, "-w", tmp_path, REPOSITORY], cwd=tmp_path)
    (wheel,) = tmp_path.glob("mpy_harness-*.whl")
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    paths = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=tmp_path)
    site = Path(paths.strip())
    run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, wheel], cwd=tmp_path)
    # What it needs is not fetched again, but found where this test has it. Added folders come last, and their own
    # .pth files, an editable install of this checkout among them, do not count.
    (site / "elsewhere.pth").write_text(sysconfig.get_path("purelib") + "\n" + sysconfig.get_path("platlib") + "\n")

    project = tmp_path / "project"
    project.mkdir()
    (project / "test_other.py").write_text(OTHER_PROJECT.format(environment=str(environment)))
    out = run([python, "-m", "pytest", "-v", "-p", "no:cacheprovider"], cwd=project, **{
        cache.ENVIRONMENT: str(cache.cache_root()),
    })  # fmt: skip
    assert "3 passed" in out
    assert "native modules" in out
    assert "mpy-harness " in run([python, "-m", "mpy_harness", "--version"], cwd=project)
    assert "m33" in run([python, "-m", "mpy_harness", "targets"], cwd=project)
