"""Find the data that the project carries: targets and native modules.

A wheel holds them in ``mpy_harness/_data``; in a checkout or an editable install they are the
repository's top-level folders.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_REPOSITORY = _PACKAGE.parent.parent


def targets_dir() -> Path:
    """Return the folder that holds one folder a target."""
    return _data("targets")


def natmods_dir() -> Path:
    """Return the folder that holds one folder a native module."""
    return _data("natmods")


def cases_dir() -> Path | None:
    """Return the folder of the project's own cases; None where it is installed without them."""
    folder = _REPOSITORY / "cases"
    return folder if folder.is_dir() and (_REPOSITORY / "targets").is_dir() else None


def scratch(folder: Path) -> Path:
    """Return the folder ``.mpy-harness`` below another, made if need be; what is in it is nothing to commit.

    Raises OSError where it cannot be written to.
    """
    path = folder / ".mpy-harness"
    path.mkdir(exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):  # made before, by somebody else or elsewhere
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    marker = path / ".gitignore"
    if not marker.exists():
        marker.write_text("*\n", encoding="utf-8")
    return path


def write_whole(file: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all. Raises OSError."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def baselines_dir(folder: Path) -> Path:
    """Return the folder below another that ``pytest --baseline`` saves to; it need not exist."""
    return folder / ".mpy-harness" / "baselines"


def _data(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _REPOSITORY / name
