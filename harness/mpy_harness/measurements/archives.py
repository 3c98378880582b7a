"""Read files of a zip archive that anybody may have made; nothing of it is written to a disk."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.measurements.run import MAX_BYTES, plain

MAX_ARCHIVE_BYTES = 64 << 20
_MAX_FILES = 1000
_NAME = re.compile(r"[\w.+-]+(/[\w.+-]+)*", re.ASCII)
# What upload-artifact writes; the others expand further than any limit is good for.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def read_members(archive: bytes, wanted: Callable[[str], bool], source: str) -> dict[str, bytes]:
    """Return the contents of those files in an archive whose names are wanted.

    An archive with anything unusual in it is refused as a whole: paths that lead elsewhere, links, encrypted
    files, a name twice, more or larger files than a run writes. ``source`` is its name in errors. Raises
    MeasurementsInvalid.
    """
    if len(archive) > MAX_ARCHIVE_BYTES:
        raise MeasurementsInvalid(f"{source} is larger than {MAX_ARCHIVE_BYTES >> 20} MiB.")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = opened.infolist()
            _check(members, source)
            return {member.filename: _read(opened, member, source) for member in members if wanted(member.filename)}
    except _BROKEN as error:
        raise MeasurementsInvalid(
            f"{source} is not a zip archive that can be read: {plain(str(error))[:200]}"
        ) from None


def _check(members: list[zipfile.ZipInfo], source: str) -> None:
    if len(members) > _MAX_FILES:
        raise MeasurementsInvalid(f"{source} holds more than {_MAX_FILES} files.")
    if sum(member.file_size for member in members) > 2 * MAX_ARCHIVE_BYTES:
        raise MeasurementsInvalid(f"{source} expands to more than {2 * MAX_ARCHIVE_BYTES >> 20} MiB.")
    seen = set()
    for member in members:
        name = member.filename.removesuffix("/")
        why = ""
        if not _NAME.fullmatch(name) or {".", ".."} & set(name.split("/")):
            why = "is no plain path"
        elif stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            why = "is a link or a device"
        elif member.flag_bits & 0x1:
            why = "is encrypted"
        elif member.compress_type not in _METHODS:
            why = f"is compressed by method {member.compress_type}"
        elif name in seen:
            why = "is there twice"
        if why:
            raise MeasurementsInvalid(f"{source} is refused: {plain(name)[:100]!r} in it {why}.")
        seen.add(name)


def _read(opened: zipfile.ZipFile, member: zipfile.ZipInfo, source: str) -> bytes:
    with opened.open(member) as file:
        content = file.read(MAX_BYTES + 1)  # what the directory says of the size need not be true
    if len(content) > MAX_BYTES:
        raise MeasurementsInvalid(f"{member.filename} in {source} is larger than {MAX_BYTES >> 20} MiB.")
    return content
