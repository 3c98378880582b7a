"""All code of the firmware, compared with what the toolchain's disassembler says of it."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from mpy_harness.firmware.image import firmware_for
from mpy_harness.targets import load_target
from tests.decode.decoder import Decoder
from tests.decode.disassembly import Line, disassemble
from tests.decode.thumb_reading import Reader


@pytest.fixture(scope="module")
def code(arm_objdump: str) -> list[list[Line]]:
    """Return the firmware's instructions, in runs without data between them."""
    lines = disassemble(arm_objdump, firmware_for(load_target("m33")).elf)
    runs = [[lines[0]]]
    for before, line in pairwise(lines):
        if line.address != before.address + len(before.code):
            runs.append([])
        runs[-1].append(line)
    return runs


def test_every_instruction_of_the_firmware_is_understood(decoder: Decoder, code: list[list[Line]]) -> None:
    seen: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    for run in code:
        insns = decoder.thumb(b"".join(line.code for line in run), run[0].address)
        for insn, (line, reading) in zip(insns, Reader().read(run), strict=True):
            assert insn == reading, line
            seen[insn.class_] += 1
            marks[insn.mark] += 1
    # A reading of nothing would agree as well.
    assert seen.total() > 30_000
    assert len(seen) > 12
    assert "unknown" not in seen
    # The board's waiting is marked, and no compiler emits what marks a region.
    assert set(marks) <= {"none", "pause", "resume"}
