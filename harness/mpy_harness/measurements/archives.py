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
from mpy_harness.limits import ARCHIVE_BYTES, ARCHIVE_EXPANDED_BYTES, RUN_BYTES, RUNS_BYTES, RUNS_FILES
from mpy_harness.measurements.run import plain

_NAME = re.compile(r"[\w.+-]+(/[\w.+-]+)*", re.ASCII)
_ENTRY = b"PK\x01\x02"  # begins a file's entry in the directory
# What upload-artifact writes; the others expand further than any limit is good for.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def read_members(
    archive: bytes, wanted: Callable[[str], bool], source: str, most: int = RUNS_BYTES
) -> dict[str, bytes]:
    """Return the contents of those files in an archive whose names are wanted.

    An archive with anything unusual in it is refused as a whole: paths that lead elsewhere, links, encrypted
    files, a name twice, more or larger files than a run writes, more than ``most`` bytes in those that are wanted.
    ``source`` is its name in errors. Raises MeasurementsInvalid.
    """
    if len(archive) > ARCHIVE_BYTES:
        raise MeasurementsInvalid(f"{source} is larger than {ARCHIVE_BYTES >> 20} MiB.")
    if archive.count(_ENTRY) > RUNS_FILES:  # opening it makes an object of each
        raise MeasurementsInvalid(f"{source} holds more than {RUNS_FILES} files.")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = opened.infolist()
            _check(members, source)
            chosen = [member for member in members if wanted(member.filename)]
            if sum(member.file_size for member in chosen) > most:
                raise _too_large(source)
            found: dict[str, bytes] = {}
            for member in chosen:
                found[member.filename] = _read(opened, member, source)
                most -= len(found[member.filename])
                if most < 0:  # what the directory says of the sizes need not be true
                    raise _too_large(source)
            return found
    except _BROKEN as error:
        raise MeasurementsInvalid(
            f"{source} is not a zip archive that can be read: {plain(str(error))[:200]}"
        ) from None


def _check(members: list[zipfile.ZipInfo], source: str) -> None:
    if sum(member.file_size for member in members) > ARCHIVE_EXPANDED_BYTES:
        raise MeasurementsInvalid(f"{source} expands to more than {ARCHIVE_EXPANDED_BYTES >> 20} MiB.")
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
        content = file.read(RUN_BYTES + 1)  # what the directory says of the size need not be true
    if len(content) > RUN_BYTES:
        raise MeasurementsInvalid(f"{member.filename} in {source} is larger than {RUN_BYTES >> 20} MiB.")
    return content


def _too_large(source: str) -> MeasurementsInvalid:
    return MeasurementsInvalid(
        f"{source} holds more measurements than are read at once: {RUNS_BYTES >> 20} MiB in all."
    )
