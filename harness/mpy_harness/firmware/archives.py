"""Unpack tar archives: the one place where files that somebody else packed are written to this disk.

Only plain files are written, and none outside of the folder; links, devices and paths that lead elsewhere are left
out. That is stricter than ``tarfile.data_filter``, which keeps links, and which Python has only since 3.10.12 and
3.11.4: Debian 12's own is 3.11.2.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from mpy_harness.errors import SourceUnavailable

# Several times what the largest archive holds that is pinned.
_MAX_FILES = 200_000
_MAX_BYTES = 4 << 30


def as_packed(path: PurePosixPath) -> PurePosixPath | None:
    """Return where a member goes in an archive of which everything is kept: where it was packed."""
    return path


def unpack(archive: Path, folder: Path, place: Callable[[PurePosixPath], PurePosixPath | None] = as_packed) -> None:
    """Write the plain files of an archive below ``folder``, each where ``place`` says; None leaves it out.

    Raises SourceUnavailable for an archive that is damaged, or far larger than any of ours.
    """
    try:
        with tarfile.open(archive) as tar:
            for member in _limited(tar, archive):
                content = tar.extractfile(member) if member.isfile() else None
                path = place(PurePosixPath(member.name))
                if content is None or path is None or path.is_absolute() or ".." in path.parts:
                    continue
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("wb") as to:
                    shutil.copyfileobj(content, to)
                file.chmod(0o755 if member.mode & 0o100 else 0o644)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SourceUnavailable(f"{archive} cannot be unpacked: {error}") from error


def date_of(archive: Path) -> int:
    """Return the date of an archive's first member, in seconds since 1970: the commit's, where git made it."""
    try:
        with tarfile.open(archive) as tar:
            first = tar.next()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SourceUnavailable(f"{archive} cannot be read: {error}") from error
    return int(first.mtime) if first is not None else 0


def _limited(tar: tarfile.TarFile, archive: Path) -> Iterator[tarfile.TarInfo]:
    total = 0
    for number, member in enumerate(tar, 1):
        total += member.size
        if number > _MAX_FILES or total > _MAX_BYTES:
            raise SourceUnavailable(
                f"{archive} holds more than {_MAX_FILES:,} files or {_MAX_BYTES >> 30} GiB, it is not unpacked."
            )
        yield member
