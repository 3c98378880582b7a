"""The marks of regions, in the guest's runtime: exactly the encodings that the plugin looks for."""

from __future__ import annotations

import struct

import pytest

from mpy_harness.board import guest_code
from mpy_harness.targets import DEFAULT_TARGET, load_target

MICROPYTHON = load_target(DEFAULT_TARGET).firmware.micropython

# counting/plugin_c/decode/thumb16.c, riscv.c and xtensa.c: bits 0 and 1 of a name, start, stop, pause, resume.
THUMB = [struct.pack("<H", code) for code in (0x46C9, 0x46D2, 0x46DB, 0x46E4, 0x462D, 0x4636)]
XTENSA = [code.to_bytes(3, "little") for code in (0x433330, 0x533330, 0x202220, 0x102220, 0x203330, 0x103330)]
RISCV = [struct.pack("<I", (0x4D0 + number) << 20 | 0b010 << 12 | 0b0010011) for number in range(6)]


@pytest.mark.parametrize(
    ("decoder", "arch", "marks"),
    [
        ("thumb", "armv6m", THUMB),
        ("thumb", "armv7m", THUMB),
        ("thumb", "armv7emsp", THUMB),
        ("riscv", "rv32imc", RISCV),
        ("xtensa", "xtensawin", XTENSA),
    ],
)
def test_the_runtime_holds_each_mark_once(decoder, arch, marks):
    code = guest_code.compiled(MICROPYTHON, decoder, arch)
    found = [code.count(mark) for mark in marks]
    # Three bytes may stand in data by chance.
    assert min(found) == 1
    assert max(found) == 1 or decoder == "xtensa"


def test_without_a_decoder_the_runtime_is_bytecode():
    plain = guest_code.compiled(MICROPYTHON)
    assert [plain.count(mark) for mark in RISCV] == [0] * 6
    assert plain[2] >> 2 == 0, "no native code: any core can load it (py/persistentcode.c, header)"
