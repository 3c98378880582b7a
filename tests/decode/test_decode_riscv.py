"""Every RISC-V instruction that the decoder knows, assembled by the GNU assembler."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.decode import riscv_reading, riscv_texts
from tests.decode.decoder import Decoder, Insn
from tests.decode.disassembly import Line, assemble, disassemble, source_of

ARCH = ("-march=rv32imafdc_zba_zbb_zbs_zicsr_zifencei", "-mabi=ilp32d", "-mno-relax")
WIDE_ONLY = ("-march=rv32imafd_zba_zbb_zbs_zicsr_zifencei", "-mabi=ilp32d", "-mno-relax")
RV64 = ("-march=rv64imafd_zfh_zba_zbb_zbs", "-mabi=lp64d", "-mno-relax")
GROUPS = {
    "wide": (WIDE_ONLY, riscv_texts.WIDE),
    "compressed": (ARCH, riscv_texts.COMPRESSED),
    "rv64": (RV64, riscv_texts.RV64_AND_HALVES),
}


class Riscv:
    """Assembles, disassembles and decodes."""

    def __init__(self, decoder: Decoder, assembler: str, objdump: str, folder: Path) -> None:
        self._decoder, self._assembler, self._objdump, self._folder = decoder, assembler, objdump, folder

    def lines(self, options: tuple[str, ...], source: list[str]) -> list[Line]:
        file = assemble(self._assembler, options, source, self._folder)
        return disassemble(self._objdump, file, *riscv_reading.OBJDUMP_OPTIONS)

    def decode(self, lines: list[Line]) -> list[Insn]:
        return self._decoder.riscv(b"".join(line.code for line in lines), lines[0].address)


@pytest.fixture
def riscv(decoder: Decoder, riscv_assembler: str, riscv_objdump: str, tmp_path: Path) -> Riscv:
    return Riscv(decoder, riscv_assembler, riscv_objdump, tmp_path)


@pytest.mark.parametrize("group", GROUPS)
def test_every_instruction_is_what_its_text_says(riscv: Riscv, group: str) -> None:
    options, texts = GROUPS[group]
    source, expected = source_of(texts)
    lines = riscv.lines(options, source)
    insns = riscv.decode(lines)
    assert [(insn.class_, text) for insn, (_, text) in zip(insns, expected, strict=True)] == expected
    for insn, (line, reading) in zip(insns, riscv_reading.read(lines), strict=True):
        assert insn == reading, line


@pytest.mark.parametrize(
    ("immediate", "mark"),
    [
        (0x4CF, "none"),
        (0x4D0, "zero"),
        (0x4D1, "one"),
        (0x4D2, "start"),
        (0x4D3, "stop"),
        (0x4D4, "pause"),
        (0x4D5, "resume"),
        (0x4D6, "none"),
        (0x4D8, "none"),
    ],
)
def test_marks(decoder: Decoder, immediate: int, mark: str) -> None:
    slti_x0_x0 = (immediate << 20 | 2 << 12 | 0x13).to_bytes(4, "little")
    assert decoder.riscv(slti_x0_x0) == [Insn("integer", mark=mark)]


def test_a_mark_needs_both_registers_zero(decoder: Decoder) -> None:
    for rd, rs1 in ((1, 0), (0, 1)):
        (insn,) = decoder.riscv((0x4D2 << 20 | rs1 << 15 | 2 << 12 | rd << 7 | 0x13).to_bytes(4, "little"))
        assert insn.mark == "none"


@pytest.mark.parametrize(
    "code", ["0004", "6101", "9c41", "4002", "8002", "ffffffff", "0000007f", "00007003", "00004073"]
)
def test_what_is_reserved_is_unknown_and_keeps_its_size(decoder: Decoder, code: str) -> None:
    bits = bytes.fromhex(code)[::-1]
    assert decoder.riscv(bits) == [Insn("unknown", len(bits))]
