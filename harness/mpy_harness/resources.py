"""Find the data that the project carries: targets and native modules.

A wheel holds them in ``mpy_harness/_data``; in a checkout or an editable install they are the
repository's top-level folders.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

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


def read_file(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file of at most ``most`` bytes.

    Raises OSError for all else before anything is read: a pipe or a device may have no end, or nobody who writes.
    """
    with _opened(path) as file:
        if os.fstat(file.fileno()).st_size <= most:
            content = file.read(most + 1)
            if len(content) <= most:  # it may have grown, and files in /proc say that they are empty
                return content
    raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB", str(path))


def read_block(path: Path, at: int, size: int) -> bytes:
    """Return at most ``size`` bytes of a regular file from the place ``at`` on. Raises OSError as ``read_file``."""
    with _opened(path) as file:
        return os.pread(file.fileno(), size, at)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    # O_NONBLOCK: opening a pipe would wait for somebody who writes to it.
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        about = os.fstat(opened)
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, not a file", str(path))
        with os.fdopen(opened, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(opened)


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
