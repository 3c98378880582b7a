"""The marks of regions in the guest's runtime: exactly those of the table."""

from __future__ import annotations

import pytest

from mpy_harness import architectures
from mpy_harness.architectures.marks import Mark
from mpy_harness.firmware import guest_program
from mpy_harness.targets import DEFAULT_TARGET, load_target

MICROPYTHON = load_target(DEFAULT_TARGET).firmware.micropython
COUNTED = [(which, arch) for which in architectures.INSTRUCTION_SETS if which.marks for arch in which.arches]


@pytest.mark.parametrize(
    ("which", "arch"), [pytest.param(*each, id=each[1].name) for each in COUNTED if each[1].compiler]
)
def test_the_runtime_holds_each_mark_once(which, arch):
    code = guest_program.compiled(MICROPYTHON, which.name, arch.name)
    found = [code.count(which.marks.encoded(mark)) for mark in Mark]
    # Three bytes may stand in data by chance.
    assert min(found) == 1
    assert max(found) == 1 or which.marks.size == 3


def test_without_a_decoder_the_runtime_is_bytecode():
    plain = guest_program.compiled(MICROPYTHON)
    riscv = architectures.instruction_set("rv32imc")
    assert riscv is not None
    assert riscv.marks is not None
    assert [plain.count(riscv.marks.encoded(mark)) for mark in Mark] == [0] * 6
    assert plain[2] >> 2 == 0, "no native code: any core can load it (py/persistentcode.h, header)"
