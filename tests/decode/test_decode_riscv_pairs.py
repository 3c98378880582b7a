"""RISC-V: which registers an instruction reads, and whether it reads the result of the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.decode import riscv_reading
from tests.decode.disassembly import Line, assemble, disassemble, source_of
from tests.decode.pairs import PairDecoder
from tests.decode.test_decode_riscv import GROUPS

NONE, LOAD, MULTIPLY, FLOAT = 0, 1, 3, 4
PAIRS = [
    ("lw a0, 4(a1)", "addi a2, a0, 1", LOAD),
    ("lw a0, 4(a1)", "addi a0, a2, 1", NONE),
    ("lw x20, 4(a1)", "add a2, a1, x20", LOAD),  # not among the 16 that compilers have for 16 bits
    ("lw x0, 4(a1)", "add a2, a1, x0", NONE),
    ("lbu a0, 4(a1)", "sb a0, 4(a2)", LOAD),  # it stores what was loaded
    ("lw a0, 4(a1)", "sw a2, 4(a0)", LOAD),
    ("lw a0, 4(a1)", "beq a2, a0, .", LOAD),
    ("lw a0, 4(a1)", "jr a0", LOAD),
    ("lr.w a0, (a1)", "addi a2, a0, 1", LOAD),
    ("lw a0, 4(a1)", "fadd.s fa2, fa0, fa1", NONE),  # a register of the same number
    ("flw fa0, 4(a1)", "addi a2, a0, 1", NONE),
    ("flw fa0, 4(a1)", "fmadd.s fa1, fa2, fa3, fa0", LOAD),
    ("fld ft3, 4(a1)", "fsd ft3, 4(a2)", LOAD),
    ("c.lw a0, 4(a1)", "c.addi a0, 1", LOAD),
    ("c.lwsp x20, 4(sp)", "c.mv a0, x20", LOAD),
    ("c.lwsp x20, 4(sp)", "c.mv x20, a0", NONE),
    ("c.flw fa0, 4(a1)", "c.fswsp fa0, 4(sp)", LOAD),
    ("c.fldsp f30, 8(sp)", "c.fsdsp f30, 0(sp)", LOAD),
    ("c.lw a0, 4(a1)", "c.swsp a0, 4(sp)", LOAD),
    ("c.lw a0, 4(a1)", "c.beqz a0, .", LOAD),
    ("c.lw a0, 4(a1)", "c.li a0, 1", NONE),
    ("mul a0, a1, a2", "c.add a3, a0", MULTIPLY),
    ("mulhu x0, a1, a2", "c.add a3, a0", NONE),
    ("div a0, a1, a2", "c.add a3, a0", NONE),
    ("fmul.s fa0, fa1, fa2", "fadd.s fa3, fa3, fa0", FLOAT),
    ("fmadd.s fa0, fa1, fa2, fa3", "c.fsw fa0, 0(a0)", FLOAT),
    ("fsqrt.s fa0, fa1", "fmv.x.w a0, fa0", FLOAT),
    ("flt.s a0, fa1, fa2", "c.bnez a0, .", FLOAT),  # its result is in a core register
    ("flt.s a0, fa1, fa2", "fadd.s fa3, fa3, fa0", NONE),
    ("fcvt.w.s a0, fa1", "c.addi a0, 1", FLOAT),
    ("fcvt.s.w fa0, a1", "fadd.s fa3, fa3, fa0", FLOAT),
    ("fmv.x.w a0, fa1", "c.addi a0, 1", FLOAT),
    ("fcvt.s.w fa0, a1", "c.addi a0, 1", NONE),
    ("addi a0, a1, 1", "lw a2, 4(a0)", NONE),
    ("sw a0, 4(a1)", "lw a0, 4(a1)", NONE),
]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> PairDecoder:
    return PairDecoder("riscv", tmp_path_factory.mktemp("pairs"))


def reads(pairs: PairDecoder, code: bytes) -> set[str]:
    return {f"{'xf'[number // 32]}{number % 32}" for number in pairs.reads(code)}


def lines_of(group: str, assembler: str, objdump: str, folder: Path) -> Iterator[Line]:
    options, texts = GROUPS[group]
    file = assemble(assembler, options, source_of(texts)[0], folder)
    yield from disassemble(objdump, file, *riscv_reading.OBJDUMP_OPTIONS)


@pytest.mark.parametrize("group", GROUPS)
def test_every_instruction_reads_what_its_text_says(pairs, group, riscv_assembler, riscv_objdump, tmp_path):
    lines = list(lines_of(group, riscv_assembler, riscv_objdump, tmp_path))
    assert len(lines) > 30
    for line in lines:
        assert reads(pairs, line.code) == riscv_reading.registers_read(line), line


@pytest.fixture(scope="module")
def found(pairs, riscv_assembler, riscv_objdump, tmp_path_factory) -> list[int]:
    """What the decoder tells of each of the pairs, which are assembled in one go."""
    folder = tmp_path_factory.mktemp("pairs")
    options = ("-march=rv32imafdc", "-mabi=ilp32d", "-mno-relax")
    file = assemble(riscv_assembler, options, [text for pair in PAIRS for text in pair[:2]], folder)
    return pairs.kinds(line.code for line in disassemble(riscv_objdump, file))


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=[" then ".join(pair[:2]) for pair in PAIRS])
def test_pairs(found, number):
    assert found[number] == PAIRS[number][2]
