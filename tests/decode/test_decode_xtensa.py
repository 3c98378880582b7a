"""Every Xtensa instruction that the decoder knows, assembled by the GNU assembler, and a firmware's code."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.firmware.image import cached_firmware
from mpy_harness.targets import load_target
from tests.decode import xtensa_reading, xtensa_texts
from tests.decode.decoder import Decoder, Insn
from tests.decode.disassembly import assemble, source_of

_APPLICATION = 0xF000  # where it is in a merged image of the ESP32


def test_every_instruction_is_what_its_text_says(
    decoder: Decoder, xtensa_assembler: str, xtensa_objdump: str, tmp_path: Path
) -> None:
    source, expected = source_of(xtensa_texts.TEXTS)
    file = assemble(xtensa_assembler, ["--no-transform"], [".balign 4", *source], tmp_path)
    lines = xtensa_reading.disassemble(xtensa_objdump, file, "-d", "-z")
    insns = decoder.xtensa(b"".join(line.code for line in lines))
    assert [(insn.class_, text) for insn, (_, text) in zip(insns, expected, strict=True)] == expected
    for insn, (line, reading) in zip(insns, xtensa_reading.read(lines), strict=True):
        if line.mnemonic.startswith("call") and reading.target is not None:  # which the linker would fill in
            assert insn.flow == "call"
            continue
        assert insn == reading, line


@pytest.mark.parametrize(
    ("operation", "register", "mark"),
    [
        (0x43, 3, "zero"),
        (0x53, 3, "one"),
        (0x20, 2, "start"),
        (0x10, 2, "stop"),
        (0x20, 3, "pause"),
        (0x10, 3, "resume"),
        (0x20, 1, "none"),
        (0x10, 0, "none"),
        (0x30, 2, "none"),
        (0x63, 3, "none"),
    ],
)
def test_marks(decoder: Decoder, operation: int, register: int, mark: str) -> None:
    code = operation << 16 | register << 12 | register << 8 | register << 4
    assert decoder.xtensa(code.to_bytes(3, "little")) == [Insn("integer", 3, mark=mark)]


@pytest.mark.parametrize("code", ["202320", "203220", "202230"])
def test_a_mark_has_three_times_the_same_register(decoder: Decoder, code: str) -> None:
    (insn,) = decoder.xtensa(bytes.fromhex(code)[::-1])
    assert insn.mark == "none"


@pytest.mark.parametrize("code", ["000100", "700000", "003002", "100d", "f04d", "200004", "0000000e"])
def test_what_is_reserved_is_unknown_and_keeps_its_size(decoder: Decoder, code: str) -> None:
    bits = bytes.fromhex(code)[::-1]
    assert decoder.xtensa(bits) == [Insn("unknown", len(bits))]


def test_every_instruction_of_a_firmware_is_understood(decoder: Decoder, xtensa_objdump: str, tmp_path: Path) -> None:
    firmware = cached_firmware(load_target("esp32"), None)
    if firmware is None:
        pytest.skip("the ESP32's firmware is not in the cache; fetch it: mpy-harness setup esp32")
    seen: Counter[str] = Counter()
    for address, code in _instruction_memory(firmware.elf.read_bytes()):
        raw = tmp_path / "code.bin"
        raw.write_bytes(code)
        options = ("-D", "-b", "binary", "-m", "xtensa", "-EL", "-z", f"--adjust-vma={address:#x}")
        for line, reading in xtensa_reading.read(xtensa_reading.disassemble(xtensa_objdump, raw, *options)):
            if line.mnemonic == "lsi" and (line.code[0] & 15, line.code[1] >> 4) != (3, 0):
                continue  # what objdump takes all that is reserved for: data between the functions
            (insn,) = decoder.xtensa(line.code, line.address)
            assert insn == reading, line
            seen[insn.class_] += 1
    # A reading of nothing would agree as well.
    assert seen.total() > 30_000
    assert len(seen) > 12
    assert "unknown" not in seen


def _instruction_memory(image: bytes) -> Iterator[tuple[int, bytes]]:
    # What is loaded into the fast memory for code (ESP-IDF, "App Image Format"); the rest of it stays in flash.
    at = _APPLICATION + 24
    for _ in range(image[_APPLICATION + 1]):
        address, size = struct.unpack_from("<II", image, at)
        at += 8
        if 0x40070000 <= address < 0x400A0000:
            yield address, image[at : at + size]
        at += size
