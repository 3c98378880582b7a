"""The flash of a Pico, filled as its boot loader writes a UF2 file.

Formats: UF2 Specification (https://github.com/microsoft/uf2), section "Overall"; RP2040 Datasheet, section 2.8.1.3.1.
"""

from __future__ import annotations

import struct
from pathlib import Path

from mpy_harness.errors import FirmwareInvalid
from mpy_harness.limits import IMAGE_BYTES
from mpy_harness.resources import read_file

FLASH = 0x10000000
ERASED = b"\xff"
_BLOCK = struct.Struct("<8I476sI")  # two magic numbers, flags, address, size, number, how many, family, data, magic
_MAGIC, _END_MAGIC = (0x0A324655, 0x9E5D5157), 0x0AB16F30
_NOT_FOR_FLASH, _HAS_FAMILY = 0x1, 0x2000
_RP2040 = 0xE48BFF56
_FAMILIES = {0xE48BFF57: "any RP2 chip", 0xE48BFF59: "RP2350", 0xE48BFF5A: "RP2350 (RISC-V)"}
_BOOT = 252  # bytes of the second boot loader, behind which is their CRC
_POLYNOMIAL = 0x04C11DB7


def flash_content(image: Path, size: int) -> bytes:
    """Return the content of a flash of ``size`` bytes that holds an image and is erased elsewhere.

    The image is a UF2 file, or what is in flash from its begin on. Raises FirmwareInvalid.
    """
    try:
        data = read_file(image, IMAGE_BYTES)
    except OSError as error:
        raise FirmwareInvalid(f"the firmware {image} cannot be read: {error.strerror}. Correct the path.") from error
    if len(data) >= 8 and struct.unpack_from("<2I", data) == _MAGIC:
        content = _from_blocks(data, image, size)
    elif len(data) > size:
        raise FirmwareInvalid(f"{image} does not fit: {len(data)} bytes into a flash of {size >> 20} MB.")
    else:
        content = data.ljust(size, ERASED)
    if not _boots(content):
        raise FirmwareInvalid(
            f"{image} is no firmware of an RP2040: there is no boot loader at its begin. "
            "Give the .uf2 file that MicroPython publishes or that a build makes."
        )
    return content


def _from_blocks(data: bytes, image: Path, size: int) -> bytes:
    content = bytearray(ERASED * size)
    if len(data) % _BLOCK.size:
        raise FirmwareInvalid(f"{image} is no whole UF2 file: its last block is cut short. Fetch it again.")
    numbers, announced = set(), 1
    for begin, middle, flags, address, length, number, total, family, payload, end in _BLOCK.iter_unpack(data):
        if (begin, middle, end) != (*_MAGIC, _END_MAGIC) or length > len(payload):
            raise FirmwareInvalid(f"{image} is no whole UF2 file: a block of it is damaged. Fetch it again.")
        if flags & _NOT_FOR_FLASH:
            continue
        if flags & _HAS_FAMILY and family != _RP2040:
            name = _FAMILIES.get(family, f"chips of family {family:#x}")
            raise FirmwareInvalid(f"{image} is for {name}, the target is an RP2040.")
        if not FLASH <= address <= address + length <= FLASH + size:
            raise FirmwareInvalid(
                f"{image} does not fit: it has {length} bytes for {address:#x}, outside of the flash."
            )
        content[address - FLASH : address - FLASH + length] = payload[:length]
        numbers.add(number)
        announced = total
    if len(numbers) != announced:
        raise FirmwareInvalid(f"{image} is no whole UF2 file: {len(numbers)} of {announced} blocks. Fetch it again.")
    return bytes(content)


def _boots(content: bytes) -> bool:
    # What the chip's ROM looks for before it runs what is in flash.
    crc = 0xFFFFFFFF
    for byte in content[:_BOOT]:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (_POLYNOMIAL if crc >> 31 else 0)) & 0xFFFFFFFF
    return crc == int.from_bytes(content[_BOOT : _BOOT + 4], "little")
