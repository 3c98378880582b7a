"""The content of a Pico's flash: what a UF2 file puts where, and what is no firmware."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from mpy_harness.errors import FirmwareInvalid
from mpy_harness.machines.rp2040js.uf2 import flash_content

SIZE = 2 << 20
RP2040 = 0xE48BFF56


def boot_loader() -> bytes:
    """Return the first 256 bytes of a flash: what the chip's ROM takes for a boot loader."""
    code = bytes(range(252))
    crc = 0xFFFFFFFF  # by a table, where the program goes bit by bit
    table = []
    for top in range(256):
        value = top << 24
        for _ in range(8):
            value = value << 1 ^ (0x104C11DB7 if value >> 31 else 0)
        table.append(value)
    for byte in code:
        crc = (crc << 8 & 0xFFFFFFFF) ^ table[crc >> 24 ^ byte]
    return code + crc.to_bytes(4, "little")


def block(address: int, payload: bytes, number: int = 0, total: int = 1, *, family: int = RP2040, flags: int = 0x2000):
    """Return a block of a UF2 file."""
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, len(payload), number, total, family)
    return head + payload.ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)


def uf2(path: Path, *blocks: bytes) -> Path:
    path.write_bytes(b"".join(blocks))
    return path


def test_blocks_go_to_their_addresses_in_erased_flash(tmp_path):
    file = uf2(
        tmp_path / "it.uf2",
        block(0x10000000, boot_loader(), 0, 3),
        block(0x10010000, b"further" * 10, 2, 3),
        block(0x10000100, b"code" * 64, 1, 3),
    )
    flash = flash_content(file, SIZE)
    assert len(flash) == SIZE
    assert flash[:256] == boot_loader()
    assert flash[0x100:0x200] == b"code" * 64
    assert flash[0x10000:0x10046] == b"further" * 10
    assert set(flash[0x200:0x10000] + flash[0x10046:]) == {0xFF}


def test_what_is_not_for_flash_is_left_out(tmp_path):
    comment = block(0x10000100, b"a comment", flags=0x1)
    flash = flash_content(uf2(tmp_path / "it.uf2", block(0x10000000, boot_loader()), comment), SIZE)
    assert flash[0x100] == 0xFF


def test_an_image_of_the_flash_is_taken_as_it_is(tmp_path):
    (tmp_path / "it.bin").write_bytes(boot_loader() + b"code")
    flash = flash_content(tmp_path / "it.bin", SIZE)
    assert flash[:260] == boot_loader() + b"code"
    assert set(flash[260:]) == {0xFF}


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([block(0x10000000, boot_loader(), family=0xE48BFF59)], "is for RP2350, the target is an RP2040"),
        ([block(0x10000000, boot_loader(), family=0x1234)], "is for chips of family 0x1234"),
        ([block(0x10000000, boot_loader(), 0, 2)], "is no whole UF2 file: 1 of 2 blocks"),
        ([block(0x10000000, boot_loader())[:-1]], "its last block is cut short"),
        ([block(0x10000000, boot_loader())[:-4] + bytes(4)], "a block of it is damaged"),
        ([block(0x10000000, boot_loader()), bytes(512)], "a block of it is damaged"),
        ([block(0x101FFFF0, b"x" * 32)], r"does not fit: it has 32 bytes for 0x101ffff0, outside of the flash"),
        ([block(0x20000000, b"code in RAM")], r"11 bytes for 0x20000000, outside of the flash"),
        ([block(0x10000100, boot_loader())], "there is no boot loader at its begin"),
        ([b"this is no firmware\n" * 100], "there is no boot loader at its begin"),
        ([b""], "there is no boot loader at its begin"),
        ([b"\x7fELF" + bytes(SIZE)], "does not fit"),
    ],
)
def test_what_is_no_firmware(tmp_path, blocks, said):
    with pytest.raises(FirmwareInvalid, match=said):
        flash_content(uf2(tmp_path / "it.uf2", *blocks), SIZE)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FirmwareInvalid, match=r"nothing\.uf2 cannot be read: No such file"):
        flash_content(tmp_path / "nothing.uf2", SIZE)
