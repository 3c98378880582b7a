"""The firmware's symbols as a debugger is to see them: without its heap, where native modules are on some targets."""

from __future__ import annotations

import struct
from pathlib import Path

from mpy_harness.firmware.symbols import Symbols

_HEAP = "heap"  # targets/boards/common/board_main.c
# Of an entry of the table of sections in ELF files of 32 bits: type, flags, address, offset, size.
_SECTION = struct.Struct("<IIIII")
_TYPE_AT, _NOBITS = 4, 8


def image_for_gdb(image: Path, copy: Path) -> Path:
    """Return a copy of an image, whose section with the heap ends where that begins.

    GDB believes that code is of the section around it, and the heap is in a section of the firmware: what is there
    would be the variable ``heap``. Return the image itself, where that is not so.
    """
    heap = Symbols(image).address(_HEAP)
    data = bytearray(image.read_bytes())
    if heap is None or data[:5] != b"\x7fELF\x01":
        return image
    (table,) = struct.unpack_from("<I", data, 32)
    entry_size, count = struct.unpack_from("<HH", data, 46)
    for entry in range(table, table + count * entry_size, entry_size):
        kind, _, address, _, size = _SECTION.unpack_from(data, entry + _TYPE_AT)
        if kind == _NOBITS and address <= heap < address + size:
            struct.pack_into("<I", data, entry + _TYPE_AT + 16, heap - address)
    copy.write_bytes(data)
    return copy
