"""Damaged firmware images: refused or read, in little memory and time, and never with a traceback of ours."""

from __future__ import annotations

import random
import struct
from pathlib import Path

from mpy_harness.firmware.image import Firmware
from tests.bounded import bounded

_READ = """
import sys
from pathlib import Path
from mpy_harness.errors import ImageInvalid
from mpy_harness.sizes.elf import read_elf
for name in sys.argv[1:]:
    try:
        read_elf(Path(name))
        print("read")
    except ImageInvalid:
        print("refused")
"""
_LARGE = (0, 1, 0xFF, 0xFFFF, 0x10000000, 0x7FFFFFFF, 0xFFFFFFFF)
_IMAGES = 60


def damaged(image: bytes, seed: int) -> bytes:
    """Overwrite words of the headers of an ELF file, with what is large or small or any number."""
    chance, found = random.Random(seed), bytearray(image)
    (headers,) = struct.unpack_from("<I", image, 0x20)  # e_shoff; the fields are those of the ELF specification
    (count,) = struct.unpack_from("<H", image, 0x30)  # e_shnum
    for _ in range(chance.randint(1, 4)):
        places = (chance.randrange(16, 52), headers + chance.randrange(40 * count))
        struct.pack_into("<I", found, chance.choice(places) & ~3, chance.choice((*_LARGE, chance.getrandbits(32))))
    return bytes(found)


def test_damaged_images_are_refused_or_read(firmware: Firmware, tmp_path: Path) -> None:
    image = firmware.elf.read_bytes()
    names = []
    for seed in range(_IMAGES):
        names.append(tmp_path / f"{seed}.elf")
        names[-1].write_bytes(damaged(image, seed))
    done = bounded(_READ, *names, mebibytes=1024, seconds=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) == _IMAGES
    assert set(done.stdout.split()) == {"read", "refused"}
