"""Counts are the same on machines of another kind.

Each test changes one thing, in a process of its own that boots a board.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.firmware import cache
from mpy_harness.firmware.image import Firmware
from mpy_harness.targets import Target
from tests.emulator.counted_programs import counts, define

REPOSITORY = Path(__file__).resolve().parents[3]
CHILD = """
import json, os, sys
from pathlib import Path
import mpy_harness
from mpy_harness.board.pool import BoardPool
from mpy_harness.firmware.image import firmware_for
from mpy_harness.targets import load_target
from tests.emulator.counted_programs import counts, define

m33 = load_target("m33")
boards = BoardPool(Path(sys.argv[1]))
board = boards.board(m33, mode="count")
define(board)
found = {"image": firmware_for(m33).provenance.image_sha256, "counts": counts(board)}
boards.close()
print(json.dumps([found, os.geteuid(), mpy_harness.__file__]))
"""


@pytest.fixture(scope="module")
def here(shared_boards, m33, firmware: Firmware) -> dict[str, Any]:
    """What this process finds."""
    board = shared_boards.board(m33)
    define(board)
    return {"image": firmware.provenance.image_sha256, "counts": counts(board)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name has blanks and more than ASCII."""
    made = tmp_path / "Ordner für alle"
    made.mkdir()
    return made


@dataclass(frozen=True)
class Elsewhere:
    """What another process finds, whose it is, and where it has the harness."""

    found: dict[str, Any]
    user: int
    harness: Path


def run_elsewhere(folder: Path, prefix: Sequence[str] = (), **options: Any) -> Elsewhere:
    """Return what another process finds; ``options`` are those of subprocess, ``env`` is added to the environment.

    ``prefix`` is a command that runs the one behind it.
    """
    usual = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    usual |= {"PYTHONPATH": f"{REPOSITORY / 'harness'}:{REPOSITORY}", "PYTHONDONTWRITEBYTECODE": "1"}
    usual[cache.ENVIRONMENT] = str(cache.cache_root())
    env = usual | options.pop("env", {})
    command = [*prefix, sys.executable, "-c", CHILD, str(folder)]
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=600, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found, user, harness = json.loads(done.stdout)
    return Elsewhere(found, user, Path(harness))


def elsewhere(folder: Path, **options: Any) -> dict[str, Any]:
    """Return what another process finds in a folder; ``options`` are those of ``run_elsewhere``."""
    return run_elsewhere(folder, **options).found


def as_another_user() -> list[str]:
    """Return a command that runs the one behind it as another user, who may read this one's files."""
    if os.geteuid() == 0:  # capabilities(7)
        may = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
        return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *may]
    return ["unshare", "--user", "--map-root-user"]  # user_namespaces(7)


def test_in_another_environment(folder: Path, here: dict[str, Any]) -> None:
    """With much more on QEMU's and Python's stacks, other hashes, another time zone, and one core."""
    env = {f"VARIABLE_{number}": "x" * 997 for number in range(100)}
    env |= {"PYTHONHASHSEED": "12345", "TZ": "Pacific/Chatham", "CFLAGS": "-O0", "MAKEFLAGS": "-k", "COLUMNS": "20"}
    core = min(os.sched_getaffinity(0))
    assert elsewhere(folder, env=env, preexec_fn=lambda: os.sched_setaffinity(0, {core})) == here


def test_in_another_locale(folder: Path, here: dict[str, Any]) -> None:
    """In one where text is ASCII, and in Turkish where that is installed."""
    for locale in ("C", "tr_TR.UTF-8"):
        env = {"LC_ALL": locale, "LANG": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        assert elsewhere(folder, env=env) == here


@pytest.mark.skipif(not Path("/").stat().st_mode & 0o001, reason="the root folder is closed to other users")
def test_for_another_user(folder: Path, here: dict[str, Any]) -> None:
    """With another number, name and home."""
    prefix = as_another_user()
    try:
        subprocess.run([*prefix, "true"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"{prefix[0]} cannot change the user here: {getattr(error, 'stderr', error)}")
    names = {"HOME": str(folder), "USER": "somebody", "LOGNAME": "somebody"}
    other = run_elsewhere(folder, prefix, env=names)
    assert other.user != os.geteuid()
    assert other.found == here


def test_in_another_place(tmp_path: Path, m33: Target, here: dict[str, Any]) -> None:
    """With the harness and its cache in other folders, where firmware, native module and plugin are built anew."""
    place = tmp_path / "a longer way to it" / "project"
    for name in ("harness", "natmods", "targets", "tests"):
        shutil.copytree(REPOSITORY / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    store = tmp_path / "another-cache"
    for sources in (cache.cache_root() / "sources").glob(f"{m33.built.micropython}-*"):
        shutil.copytree(sources, store / "sources" / sources.name)
    env = {"PYTHONPATH": f"{place / 'harness'}:{place}", cache.ENVIRONMENT: str(store)}
    other = run_elsewhere(place, env=env)
    assert other.harness.is_relative_to(place)
    assert other.found == here


def test_on_an_older_processor(folder: Path, here: dict[str, Any]) -> None:
    """QEMU itself runs on a processor that is emulated, without the instructions that it uses where they are there."""
    machine = platform.machine()
    program, older = f"qemu-{machine}", {"x86_64": "qemu64", "aarch64": "cortex-a53"}.get(machine)
    qemu = shutil.which("qemu-system-arm")
    if shutil.which(program) is None or older is None:
        pytest.skip(f"{program} is not installed, which emulates an older processor: apt install qemu-user")
    wrapper = folder / "qemu-system-arm"
    wrapper.write_text(f'#!/bin/sh\nexec {program} -cpu {older} {qemu} "$@"\n')
    wrapper.chmod(0o755)
    assert elsewhere(folder, env={"PATH": f"{folder}:{os.environ['PATH']}"}) == here
