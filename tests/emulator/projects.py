"""Projects of a few files, in which pytest and our command run as their users call them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests import warm

COMMAND = [sys.executable, "-m", "mpy_harness"]


def write(project: pytest.Pytester, **files: str) -> None:
    """Write files; in a name, ``__`` stands for a slash, and all end with ``.py``."""
    for name, text in files.items():
        path = project.path / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(project: pytest.Pytester, *arguments: str | Path) -> pytest.RunResult:
    return warm.run_pytest(project, "-p", "no:cacheprovider", *arguments)


def section(result: pytest.RunResult, title: str) -> list[str]:
    """Return the lines below each headline of that title, up to the next."""
    found = re.findall(
        rf"^-+ {re.escape(title)} -+\n(.*?)(?=^[-_=]{{3,}})", result.stdout.str(), re.MULTILINE | re.DOTALL
    )
    return [text.strip("\n") for text in found]


def take_signals() -> None:
    """Undo what a shell in the background or nohup does to its children."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def mpy_harness(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run our command in a folder."""
    return warm.run([*COMMAND, *map(str, arguments)], cwd=cwd)


def path_without(folder: Path, *names: str) -> str:
    """Fill a folder with links to all programs of the path but those named; return it, the path without them."""
    for source in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(source).iterdir() if Path(source).is_dir() else ():
            if not any(fnmatch(program.name, name) for name in names):
                (folder / program.name).unlink(missing_ok=True)
                (folder / program.name).symlink_to(program)
    return str(folder)


def qemu_without_plugins(folder: Path) -> str:
    """Return a path whose qemu-system-arm says that it was built without plugins, and takes none."""
    real = shutil.which("qemu-system-arm")
    path = path_without(folder, "qemu-system-arm")
    program = folder / "qemu-system-arm"
    program.write_text(
        "#!/bin/sh\n"
        'for word; do [ "$word" != -plugin ] || { echo "-plugin: invalid option" >&2; exit 1; }; done\n'
        f'[ "$1" != -help ] || {{ {real} -help | grep -v "^-plugin "; exit; }}\n'
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    return path
