"""The flash of an ESP32 and its kin, filled as esptool writes a merged image.

Formats: Espressif's documentation, "Firmware Image Format" of esptool and "Partition Tables" of ESP-IDF.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mpy_harness.errors import FirmwareInvalid
from mpy_harness.limits import IMAGE_BYTES
from mpy_harness.resources import read_file

ERASED = b"\xff"
_IMAGE_MAGIC = 0xE9
_PARTITIONS = 0x8000  # where the partition table is in flash, unless a firmware moves it
_PARTITION_MAGIC = b"\xaa\x50"
_TABLE = 0xC00  # the most bytes that it takes
_PARTITION = 32  # bytes of an entry: magic, type, subtype, offset, size (4 bytes each), label, flags
_APPLICATION = 0
_HEADER = 24
_CHIPS = {0: "esp32", 2: "esp32s2", 5: "esp32c3", 9: "esp32s3", 12: "esp32c2", 13: "esp32c6", 16: "esp32h2"}
_SIZES = {0: 1 << 20, 1: 2 << 20, 2: 4 << 20, 3: 8 << 20, 4: 16 << 20}
_EMULATED = (4 << 20, 8 << 20, 16 << 20)  # other sizes are refused by QEMU, or boot for ever


def flash_content(image: Path, *, chip: str, offset: int, size: int | None = None) -> bytes:
    """Return the content of a flash that holds a merged image at ``offset`` and is erased elsewhere.

    An image of the whole flash is taken as it is. The size in bytes is ``size``, or what the image's header says.
    Raises FirmwareInvalid.
    """
    try:
        data = read_file(image, IMAGE_BYTES)
    except OSError as error:
        raise FirmwareInvalid(f"the firmware {image} cannot be read: {error.strerror}. Correct the path.") from error
    start = offset if data[:1] == bytes([_IMAGE_MAGIC]) else 0
    header = data[offset - start :][:_HEADER]
    if len(header) < _HEADER or header[0] != _IMAGE_MAGIC:
        raise FirmwareInvalid(
            f"{image} is no firmware image of an {chip}: there is no image header at its start or at {offset:#x}. "
            "Give the merged .bin file that MicroPython publishes or `esptool merge_bin` makes."
        )
    made_for = int.from_bytes(header[12:14], "little")
    if _CHIPS.get(made_for) != chip:
        raise FirmwareInvalid(f"{image} is for {_CHIPS.get(made_for, f'chip {made_for}')}, the target is an {chip}.")
    if data[_PARTITIONS - start :][:2] != _PARTITION_MAGIC:
        raise FirmwareInvalid(
            f"{image} has no partition table: it is an application alone, or cut short. "
            "Give the merged .bin file, which begins with the boot loader."
        )
    size = size or max(_SIZES.get(header[3] >> 4, 0), _EMULATED[0])
    if size not in _EMULATED:
        known = ", ".join(str(known >> 20) for known in _EMULATED)
        raise FirmwareInvalid(f"{image} wants a flash of {size / 2**20:g} MB; the emulator has {known} MB.")
    if start + len(data) > size:
        raise FirmwareInvalid(f"{image} does not fit: {start + len(data)} bytes into a flash of {size >> 20} MB.")
    return (ERASED * start + data).ljust(size, ERASED)


def holds(flash: bytes, content: bytes) -> bool:
    """Tell whether a flash, which a guest has written to, has the firmware of ``content``, a flash as it was made.

    Compared are the boot loader, the partition table and what is filled of applications; settings and files are the
    guest's.
    """
    if len(flash) != len(content):
        return False
    return all(flash[start:end] == content[start:end] for start, end in _firmware(content))


def _firmware(content: bytes) -> Iterator[tuple[int, int]]:
    yield 0, _PARTITIONS + _TABLE
    for at in range(_PARTITIONS, _PARTITIONS + _TABLE, _PARTITION):
        start, size = (int.from_bytes(content[at + field : at + field + 4], "little") for field in (4, 8))
        if content[at : at + 2] == _PARTITION_MAGIC and content[at + 2] == _APPLICATION:
            yield start, start + len(content[start : start + size].rstrip(ERASED))
