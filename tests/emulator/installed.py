"""The wheel in an environment of its own, with nothing of this checkout in reach."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.firmware import cache

REPOSITORY = Path(__file__).parents[2]


def run(command: list[str | Path], *, cwd: Path, **env: str) -> str:
    """Run a program that has to succeed, and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=environment | env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel."""

    folder: Path

    def run(self, *words: str | Path, cwd: Path) -> str:
        """Run a module of Python in it, with this machine's cache of firmware, and return what it printed."""
        command = [self.folder / "bin" / "python", "-m", *words]
        return run(command, cwd=cwd, **{cache.ENVIRONMENT: str(cache.cache_root())})


def _index_of(wheel: Path) -> Path:
    """Return the folder of a package index that has this wheel alone (PEP 503)."""
    page = wheel.parent / "index" / "mpy-harness" / "index.html"
    page.parent.mkdir(parents=True)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    page.write_text(f'<a href="{wheel.as_uri()}#sha256={digest}">{wheel.name}</a>\n', encoding="utf-8")
    return page.parent.parent


def install(folder: Path) -> Installed:
    """Build the wheel, put it into an index, and install it by its name into a new environment below ``folder``."""
    here = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *here, "-w", folder, REPOSITORY], cwd=folder)
    index = _index_of(*folder.glob("mpy_harness-*.whl"))
    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    paths = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=folder)
    site = Path(paths.strip())
    alone: list[str | Path] = ["--isolated", "--no-deps", "--index-url", index.as_uri(), "--target", site]
    run([sys.executable, "-m", "pip", "install", "-q", *alone, "mpy-harness"], cwd=folder)
    # What it needs is not fetched again, but found where this test has it. Added folders come last, and their own
    # .pth files, an editable install of this checkout among them, do not count.
    (site / "elsewhere.pth").write_text(sysconfig.get_path("purelib") + "\n" + sysconfig.get_path("platlib") + "\n")
    return Installed(environment)
