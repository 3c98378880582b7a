"""The content of an ESP32's flash: where an image goes, how large the flash is, and what is no image."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.errors import FirmwareInvalid
from mpy_harness.machines.espressif.flash import flash_content, holds
from mpy_harness.machines.espressif.kind import KEPT_FLASH
from mpy_harness.targets import load_target

CHIPS = {"esp32": 0, "esp32c3": 5, "esp32s3": 9}
MB = 1 << 20


def image(path: Path, *, chip: str = "esp32", offset: int = 0x1000, size: int = 2, length: int = 0x20000) -> Path:
    """Write a merged image: header of the boot loader, partition table, the rest anything."""
    data = bytearray(b"\x5a" * length)
    data[:4] = bytes([0xE9, 3, 2, size << 4])
    data[12:14] = CHIPS[chip].to_bytes(2, "little")
    data[0x8000 - offset : 0x8002 - offset] = b"\xaa\x50"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("chip", "offset"), [("esp32", 0x1000), ("esp32s3", 0), ("esp32c3", 0)])
def test_an_image_lies_at_its_offset_in_erased_flash(tmp_path, chip, offset):
    file = image(tmp_path / "it.bin", chip=chip, offset=offset)
    flash = flash_content(file, chip=chip, offset=offset)
    data = file.read_bytes()
    assert len(flash) == 4 * MB
    assert flash[offset : offset + len(data)] == data
    assert set(flash[:offset] + flash[offset + len(data) :]) == {0xFF}


@pytest.mark.parametrize(("header", "megabytes"), [(0, 4), (1, 4), (2, 4), (3, 8), (4, 16)])
def test_the_header_tells_the_size(tmp_path, header, megabytes):
    file = image(tmp_path / "it.bin", size=header)
    assert len(flash_content(file, chip="esp32", offset=0x1000)) == megabytes * MB
    assert len(flash_content(file, chip="esp32", offset=0x1000, size=16 * MB)) == 16 * MB


def test_an_image_of_the_whole_flash_is_taken_as_it_is(tmp_path):
    whole = flash_content(image(tmp_path / "it.bin"), chip="esp32", offset=0x1000)
    (tmp_path / "whole.bin").write_bytes(whole)
    assert flash_content(tmp_path / "whole.bin", chip="esp32", offset=0x1000) == whole


@pytest.mark.parametrize("content", [b"", b"\xe9", b"this is no firmware\n" * 1000, b"\x7fELF" + bytes(100_000)])
def test_what_is_no_image(tmp_path, content):
    (tmp_path / "it.bin").write_bytes(content)
    with pytest.raises(FirmwareInvalid, match=r"it\.bin is no firmware image of an esp32: there is no image header"):
        flash_content(tmp_path / "it.bin", chip="esp32", offset=0x1000)


def test_an_image_for_another_chip(tmp_path):
    file = image(tmp_path / "it.bin", chip="esp32s3")
    with pytest.raises(FirmwareInvalid, match=r"it\.bin is for esp32s3, the target is an esp32\."):
        flash_content(file, chip="esp32", offset=0x1000)


def test_an_application_alone(tmp_path):
    file = tmp_path / "it.bin"
    file.write_bytes(image(tmp_path / "whole.bin").read_bytes()[:0x6000])
    with pytest.raises(FirmwareInvalid, match="has no partition table: it is an application alone, or cut short"):
        flash_content(file, chip="esp32", offset=0x1000)


def test_an_image_that_does_not_fit(tmp_path):
    file = image(tmp_path / "it.bin", length=4 * MB)
    with pytest.raises(FirmwareInvalid, match="does not fit: 4198400 bytes into a flash of 4 MB"):
        flash_content(file, chip="esp32", offset=0x1000)


def test_a_size_that_is_not_emulated(tmp_path):
    with pytest.raises(FirmwareInvalid, match="wants a flash of 2 MB; the emulator has 4, 8, 16 MB"):
        flash_content(image(tmp_path / "it.bin"), chip="esp32", offset=0x1000, size=2 * MB)


def test_an_image_that_is_not_there(tmp_path):
    with pytest.raises(FirmwareInvalid, match=r"none\.bin cannot be read: No such file or directory"):
        flash_content(tmp_path / "none.bin", chip="esp32", offset=0x1000)


# Of Espressif's partition table: type, subtype, offset, size, label.
ENTRIES = ((1, 2, 0x9000, 0x6000, b"nvs"), (0, 0, 0x10000, 0x20000, b"factory"))


@pytest.fixture
def partitioned(tmp_path: Path) -> Path:
    """An image with an application of 128 KB, its second half erased."""
    file = image(tmp_path / "it.bin", length=0x30000 - 0x1000)
    data = bytearray(file.read_bytes())
    entries = b"".join(struct.pack("<2s2B2I20s", b"\xaa\x50", *entry) for entry in ENTRIES)
    data[0x7000:0xF000] = entries.ljust(0x8000, b"\xff")
    data[0x1F000:] = b"\xff" * 0x10000
    file.write_bytes(data)
    return file


@pytest.mark.parametrize(
    ("at", "same"),
    [(0x2000, False), (0x8040, False), (0x9000, True), (0x12345, False), (0x25000, True), (2 * MB, True)],
)
def test_a_flash_has_its_firmware_whatever_the_guest_wrote_beside_it(partitioned, at, same):
    made = flash_content(partitioned, chip="esp32", offset=0x1000)
    used = bytearray(made)
    assert holds(bytes(used), made)
    used[at] = 0
    assert holds(bytes(used), made) is same


def test_a_kept_flash_of_another_firmware_is_refused(partitioned, tmp_path, monkeypatch):
    target = load_target("esp32")
    emulator = tmp_path / "qemu"
    emulator.write_text("#!/bin/sh\necho 'Supported machines are:'\necho 'esp32    some machine'\n")
    emulator.chmod(0o755)
    monkeypatch.setenv("MPY_HARNESS_QEMU_XTENSA", str(emulator))
    kept = tmp_path / "flash.bin"
    monkeypatch.setenv(KEPT_FLASH, str(kept))
    other = bytearray(flash_content(partitioned, chip="esp32", offset=0x1000))
    other[0x12345] = 0
    for content in (b"", bytes(other)):
        kept.write_bytes(content)
        with pytest.raises(FirmwareInvalid, match=r"flash\.bin, whose firmware is not .*it\.bin\. Name another file"):
            machines.kind_of(target).start(partitioned)
        assert kept.read_bytes() == content
    kept.unlink()
    kept.mkdir()
    with pytest.raises(FirmwareInvalid, match=r"flash\.bin, which cannot be used: .*Correct it, or unset it"):
        machines.kind_of(target).start(partitioned)
