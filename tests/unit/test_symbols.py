"""Addresses of an image in words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mpy_harness.firmware.symbols import Symbols

SOURCE = """
.syntax unified
.thumb
.section .text
.type first, %function
.thumb_func
first: nop
nop
.size first, . - first
.space 12
.type second, %function
.thumb_func
second: nop
.size second, . - second
data: .word 0
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    (tmp_path / "it.s").write_text(SOURCE)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m33", "-nostdlib", "-Wl,-Ttext=0x10000000", "-Wl,-efirst"]
    subprocess.run([*command, "-o", tmp_path / "it.elf", tmp_path / "it.s"], check=True, timeout=60)
    return tmp_path / "it.elf"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (0x10000000, "first() of the firmware"),
        (0x10000003, "first() of the firmware"),  # a Thumb address
        (0x10000004, "none of the functions of the firmware, but its code"),
        (0x10000010, "second() of the firmware"),
        (0x10000012, "none of the functions of the firmware, but its code"),
        (0x10000018, "a native module's, most likely"),
        (0x20000000, "a native module's, most likely"),
        (0, "an unknown place"),
    ],
)
def test_addresses(image, address, words):
    assert words in Symbols(image).describe(address)


def test_the_modules_that_may_be_meant(image):
    words = "code that is not the firmware's: a native module's, most likely (fft, fir)"
    assert Symbols(image).describe(0x20000000, ["fft", "fir"]) == words
    assert Symbols(image).describe(0x10000010, ["fft", "fir"]) == "second() of the firmware"


@pytest.mark.parametrize("content", [None, b"", b"\x7fELF", b"no image"])
def test_an_image_without_symbols(tmp_path, content):
    if content is not None:
        (tmp_path / "it.bin").write_bytes(content)
    assert "the image has no symbols" in Symbols(tmp_path / "it.bin").describe(0x1000)
