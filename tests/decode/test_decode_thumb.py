"""Every Thumb instruction that the decoder knows, assembled by the GNU assembler."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.decode import thumb_texts
from tests.decode.decoder import Decoder, Insn
from tests.decode.disassembly import Line, assemble, disassemble, instructions_of, source_of
from tests.decode.thumb_reading import Reader

Texts = dict[str, str]

M0 = ("-mcpu=cortex-m0",)
M4 = ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16")
M7 = ("-mcpu=cortex-m7", "-mfpu=fpv5-d16")
M33 = ("-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16")
M81 = ("-march=armv8.1-m.main+mve.fp+fp.dp",)
CORES = {
    "armv6m-m0": (M0, thumb_texts.ARMV6M),
    "armv6m-m33": (M33, thumb_texts.ARMV6M),
    "armv7em-m4": (M4, thumb_texts.ARMV7EM),
    "armv7em-m7": (M7, thumb_texts.ARMV7EM),
    "armv7em-m33": (M33, thumb_texts.ARMV7EM),
    "float-memory-m4": (M4, thumb_texts.ARMV7EM_FLOAT_MEMORY),
    "fpv5-m7": (M7, thumb_texts.FPV5_DOUBLE),
    "armv8m-m33": (M33, thumb_texts.ARMV8M),
    "armv81m": (M81, thumb_texts.ARMV81M),
}


class Thumb:
    """Assembles, disassembles and decodes."""

    def __init__(self, decoder: Decoder, assembler: str, objdump: str, folder: Path) -> None:
        self._decoder, self._assembler, self._objdump, self._folder = decoder, assembler, objdump, folder

    def lines(self, options: tuple[str, ...], source: list[str]) -> list[Line]:
        head = [".syntax unified", ".thumb"]
        machine = ("-m", "armv8.1-m.main") if options is M81 else ()  # objdump 2.40 does not take it from the file
        return disassemble(self._objdump, assemble(self._assembler, options, head + source, self._folder), *machine)

    def decode(self, lines: list[Line]) -> list[Insn]:
        return self._decoder.thumb(b"".join(line.code for line in lines), lines[0].address)

    def one(self, text: str, options: tuple[str, ...] = M33) -> Insn:
        (insn,) = self.decode(self.lines(options, [text]))
        return insn


@pytest.fixture
def thumb(decoder: Decoder, arm_assembler: str, arm_objdump: str, tmp_path: Path) -> Thumb:
    return Thumb(decoder, arm_assembler, arm_objdump, tmp_path)


@pytest.mark.parametrize("core", CORES)
def test_every_instruction_is_what_its_text_says(thumb: Thumb, core: str) -> None:
    options, texts = CORES[core]
    source, expected = source_of(texts)
    lines = thumb.lines(options, source)
    found = [(insn.class_, text) for insn, (_, text) in zip(thumb.decode(lines), expected, strict=True)]
    assert found == expected
    for insn, (line, reading) in zip(thumb.decode(lines), Reader().read(lines), strict=True):
        # binutils 2.44 no longer knows every coprocessor instruction that its assembler takes.
        assert insn == reading or "<UNDEFINED>" in line.operands, line


def test_vector_instructions_have_a_class(thumb: Thumb) -> None:
    source, expected = source_of(thumb_texts.MVE)
    insns = thumb.decode(thumb.lines(M81, source))
    assert [(insn.class_, text) for insn, (_, text) in zip(insns, expected, strict=True)] == expected
    assert all(insn.words > 0 for insn in insns if insn.class_ in {"load", "store"})


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("mov r9, r9", "zero"),
        ("mov r10, r10", "one"),
        ("mov r11, r11", "start"),
        ("mov r12, r12", "stop"),
        ("mov r5, r5", "pause"),
        ("mov r6, r6", "resume"),
        ("mov r4, r4", "none"),
        ("mov r7, r7", "none"),
        ("mov r8, r8", "none"),
        ("mov r9, r10", "none"),
        ("mov.w r9, r9", "none"),
    ],
)
def test_marks(thumb: Thumb, text: str, mark: str) -> None:
    insn = thumb.one(text)
    assert insn.mark == mark
    assert insn.class_ == "integer"


IT_BLOCKS = """
    adds r0, #1; itete eq; moveq r0, #1; addne.w r8, r8, #1; movweq r1, #3; bne 2f; movs r0, #2
    it ne; popne {r4, pc}; it lt; bxlt lr; itt mi; ldrmi r0, [r1]; blmi 2f; vmov.f32 s0, s1
    it gt; vaddgt.f32 s0, s1, s2; it hi; ldrhi.w pc, [r1]; cmp r0, r1; it cs; bcs.w 2f; it eq; blxeq r3; nop"""
CONDITIONAL = """
    moveq addne movweq bne popne bxlt ldrmi blmi vaddgt ldrhi bcs blxeq"""
FLOWS = {
    "bne": "jump",
    "popne": "return",
    "bxlt": "return",
    "blmi": "call",
    "ldrhi": "jump",
    "bcs": "jump",
    "blxeq": "call",
}


def test_instructions_in_it_blocks_are_conditional(thumb: Thumb) -> None:
    lines = thumb.lines(M33, [*instructions_of(IT_BLOCKS), "2: nop"])
    insns = thumb.decode(lines)
    assert insns == [reading for _, reading in Reader().read(lines)]
    names = [line.mnemonic.partition(".")[0] for line in lines]
    assert [name for name, insn in zip(names, insns, strict=True) if insn.conditional] == CONDITIONAL.split()
    assert {name: insn.flow for name, insn in zip(names, insns, strict=True) if insn.flow != "next"} == FLOWS


def test_an_it_block_that_is_always_executed_is_not_conditional(decoder: Decoder) -> None:
    it_al, adds, bx_lr = b"\xe4\xbf", b"\x01\x30", b"\x70\x47"
    insns = decoder.thumb(it_al + adds + bx_lr)
    assert [insn.conditional for insn in insns] == [False, False, False]


def test_long_branches_reach_both_ways(thumb: Thumb) -> None:
    (lines, insns) = [], []
    for distance in (-0xFFFFFE, -0x100000, -2, 0, 2, 0x7FFFFE, 0xFFFFF0):
        lines.append(f"bl . + 4 + {distance}")
        insns.append(distance)
    decoded = thumb.decode(thumb.lines(M33, lines))
    targets = [(number * 4 + 4 + distance) % 2**32 for number, distance in enumerate(insns)]
    assert [insn.target for insn in decoded] == targets


@pytest.mark.parametrize(
    "code", [b"\x10\xb6", b"\x01\xb8", b"\xff\xfa\xff\xff", b"\x60\xf8\x00\x00", b"\x80\xf7\x00\x80"]
)
def test_what_is_reserved_is_unknown_and_keeps_its_size(decoder: Decoder, code: bytes) -> None:
    assert decoder.thumb(code) == [Insn("unknown", len(code))]
