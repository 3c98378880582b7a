"""The table of instruction sets and the plugin's C code agree: decoders, marks, and the assembler's view of them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from mpy_harness import architectures
from mpy_harness.architectures.instruction_set import InstructionSet
from mpy_harness.architectures.marks import Mark, Marks
from tests.decode.decoder import MARKS, SOURCES, Decoder

COUNTED = [which for which in architectures.INSTRUCTION_SETS if which.marks is not None]


def test_the_plugin_has_a_decoder_for_each_instruction_set_with_marks() -> None:
    source = (SOURCES.parent / "plugin.c").read_text(encoding="utf-8")
    table = re.search(r"decoders\[\] = \{(.*?)\};", source, re.DOTALL)
    assert table is not None
    assert sorted(re.findall(r'"(\w+)"', table.group(1))) == sorted(which.name for which in COUNTED)


def test_marks_are_numbered_as_in_c() -> None:
    names = re.search(r"enum mark \{(.*?)\}", (SOURCES / "decode.h").read_text(encoding="utf-8"), re.DOTALL)
    assert names is not None
    assert re.findall(r"MARK_(\w+)", names.group(1)) == ["NONE", *(mark.name for mark in Mark)]


@pytest.mark.parametrize("which", COUNTED, ids=lambda which: which.name)
def test_the_decoder_knows_each_mark(which: InstructionSet, decoder: Decoder) -> None:
    marks = which.marks
    assert marks is not None
    decode = getattr(decoder, which.name)
    for mark in Mark:
        (insn,) = decode(marks.encoded(mark))
        assert (insn.size, MARKS.index(insn.mark), insn.class_, insn.flow) == (marks.size, mark, "integer", "next")


@pytest.mark.parametrize(
    ("name", "assembler", "option"),
    [
        ("thumb", "arm_assembler", "-mcpu=cortex-m0"),
        ("thumb", "arm_assembler", "-mcpu=cortex-m33"),
        ("riscv", "riscv_assembler", "-march=rv32imac"),
        ("avr", "avr_assembler", "-mmcu=avr5"),
    ],
)
def test_the_header_assembles_to_the_marks(
    name: str, assembler: str, option: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    tool = request.getfixturevalue(assembler)
    (marks,) = (which.marks for which in COUNTED if which.name == name)
    assert isinstance(marks, Marks)
    statements = re.findall(r'^#define MARK_(\w+) "(.*)"$', marks.header(), re.MULTILINE)
    assert [mark for mark, _ in statements] == [mark.name for mark in Mark]
    source, made, raw = (tmp_path / name for name in ("marks.s", "marks.o", "marks.bin"))
    thumb = ".thumb\n" if name == "thumb" else ""  # in the syntax that is GCC's for Armv6-M too
    source.write_text(thumb + "".join(f"{statement}\n" for _, statement in statements), encoding="utf-8")
    subprocess.run([tool, option, "-o", made, source], check=True, timeout=30)
    subprocess.run([tool.replace("-as", "-objcopy"), "-O", "binary", "-j", ".text", made, raw], check=True, timeout=30)
    assert raw.read_bytes() == b"".join(marks.encoded(mark) for mark in Mark)
