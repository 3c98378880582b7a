"""Xtensa: which registers an instruction reads, and whether it reads the result of the one before it."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from tests.decode import xtensa_reading, xtensa_texts
from tests.decode.disassembly import assemble, source_of
from tests.decode.pairs import PairDecoder, padded

NONE, LOAD, MULTIPLY = 0, 1, 3
PAIRS = [
    ("l32i a2, a3, 4", "addi a4, a2, 1", LOAD),
    ("l32i a2, a3, 4", "addi a2, a4, 1", NONE),
    ("l32i.n a2, a3, 4", "add.n a4, a5, a2", LOAD),
    ("l8ui a2, a3, 4", "s8i a2, a5, 4", LOAD),  # it stores what was loaded
    ("l16si a2, a3, 4", "s16i a4, a2, 4", LOAD),
    ("l32i a2, a3, 4", "beq a4, a2, .", LOAD),
    ("l32i a2, a3, 4", "bbci a4, 2, .", NONE),  # a number of the same value
    ("l32i a2, a3, 4", "beqz.n a2, . + 4", LOAD),
    ("l32i a2, a3, 4", "movi.n a2, 1", NONE),
    ("l32i a0, a3, 4", "retw.n", LOAD),
    ("l32i a2, a3, 4", "callx8 a2", LOAD),
    ("l32i a2, a3, 4", "moveqz a2, a4, a5", LOAD),  # which may leave what was loaded
    ("l32i a2, a3, 4", "add.s f0, f1, f2", NONE),  # a register of the same number
    ("lsi f2, a3, 4", "addi a4, a2, 1", NONE),
    ("lsi f2, a3, 4", "madd.s f2, f4, f5", NONE),  # floats that are loaded are there
    ("lsx f2, a3, a4", "ssx f2, a3, a5", NONE),
    ("ldinc m0, a2", "addi a4, a2, 1", NONE),  # the address is no result of a load
    ("mull a2, a3, a4", "add a5, a5, a2", MULTIPLY),
    ("mul16s a2, a3, a4", "add a5, a5, a3", NONE),
    ("muluh a2, a3, a4", "extui a5, a2, 4, 4", MULTIPLY),
    ("quos a2, a3, a4", "add a5, a5, a2", NONE),
    ("mula.aa.ll a2, a3", "add a5, a5, a2", NONE),
    ("add.s f2, f3, f4", "mul.s f5, f2, f4", NONE),  # told by what it waits
    ("wur.fcr a14", "add a5, a5, a14", NONE),  # it reads that register
    ("addi a2, a3, 1", "l32i a4, a2, 4", NONE),
]
#: What each of some instructions in a row waits for the floats of those before.
WAITS = [
    ("add.s f2, f3, f4; mul.s f5, f2, f4", [0, 3]),
    ("madd.s f2, f3, f4; madd.s f2, f5, f6; ssi f2, a3, 4", [0, 3, 3]),  # a sum goes on
    ("madd.s f2, f3, f4; madd.s f5, f3, f4; add.s f6, f3, f2; sub.s f7, f5, f5", [0, 0, 2, 0]),
    ("mul.s f2, f3, f4; nop; nop; add.s f5, f2, f2", [0, 0, 0, 1]),
    ("mul.s f2, f3, f4; nop; nop; nop; add.s f5, f2, f2", [0, 0, 0, 0, 0]),
    ("mul.s f2, f3, f4; lsi f2, a3, 4; add.s f5, f2, f2", [0, 0, 0]),  # another one has come there
    ("mul.s f2, f3, f4; mov.s f5, f2; ssi f5, a3, 4", [0, 3, 0]),
    ("divn.s f2, f3, f4; addexp.s f5, f2", [0, 3]),
    ("trunc.s a2, f3, 0; addi a4, a2, 1", [0, 1]),
    ("trunc.s a2, f3, 0; add.s f4, f2, f2", [0, 0]),
    ("float.s f2, a3, 0; nop; add.s f4, f2, f2", [0, 0, 0]),
    ("float.s f2, a3, 0; add.s f4, f2, f2", [0, 1]),
    ("wfr f2, a3; madd.s f2, f4, f4", [0, 0]),
    ("neg.s f2, f3; add.s f4, f2, f2", [0, 0]),
    ("olt.s b2, f3, f4; bt b2, .", [0, 0]),
    ("mul.s f2, f3, f4; moveqz.s f2, f4, a2", [0, 3]),  # which may leave it
]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> PairDecoder:
    return PairDecoder("xtensa", tmp_path_factory.mktemp("pairs"))


def reads(pairs: PairDecoder, code: bytes) -> set[str]:
    return {f"{'abf'[number // 16]}{number % 16}" for number in pairs.reads(code)}


def test_every_instruction_reads_what_its_text_says(
    pairs: PairDecoder, xtensa_assembler: str, xtensa_objdump: str, tmp_path: Path
) -> None:
    source, _ = source_of({name: text for name, text in xtensa_texts.TEXTS.items() if name != "system"})
    file = assemble(xtensa_assembler, ["--no-transform"], [".balign 4", *source], tmp_path)
    lines = xtensa_reading.disassemble(xtensa_objdump, file, "-d", "-z")
    assert len(lines) > 150
    for line in lines:
        if not line.mnemonic.startswith(("any", "all")):  # of four or eight booleans
            assert reads(pairs, line.code) == xtensa_reading.registers_read(line), line


@pytest.fixture(scope="module")
def found(
    pairs: PairDecoder, xtensa_assembler: str, xtensa_objdump: str, tmp_path_factory: pytest.TempPathFactory
) -> list[int]:
    """What the decoder tells of each of the pairs, which are assembled in one go."""
    texts = [text for pair in PAIRS for text in pair[:2]]
    file = assemble(xtensa_assembler, ["--no-transform"], texts, tmp_path_factory.mktemp("pairs"))
    return pairs.kinds(line.code for line in xtensa_reading.disassemble(xtensa_objdump, file, "-d", "-z"))


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=[" then ".join(pair[:2]) for pair in PAIRS])
def test_pairs(found: list[int], number: int) -> None:
    assert found[number] == PAIRS[number][2]


@pytest.mark.parametrize(("text", "expected"), WAITS, ids=[text for text, _ in WAITS])
def test_waits_for_floats(
    pairs: PairDecoder, xtensa_assembler: str, xtensa_objdump: str, tmp_path: Path, text: str, expected: list[int]
) -> None:
    file = assemble(xtensa_assembler, ["--no-transform"], text.split("; "), tmp_path)
    results = ctypes.create_string_buffer(48)
    lines = xtensa_reading.disassemble(xtensa_objdump, file, "-d", "-z")
    assert [pairs.library.xtensa_waits(results, padded(line.code)) for line in lines] == expected
