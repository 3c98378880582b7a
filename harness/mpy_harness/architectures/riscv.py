"""RISC-V."""

from __future__ import annotations

import re

from mpy_harness.architectures.instruction_set import Compiler, InstructionSet, MpyArch
from mpy_harness.architectures.marks import Mark, Marks

_GCC = Compiler(
    "riscv64-unknown-elf-", "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf", "binutils-riscv64-unknown-elf"
)


def _placeholder(number: int) -> bytes:
    # addi rd, zero, number ("RV32I").
    return rb"[\x13\x93][\0-\x0f]" + re.escape(bytes([number << 4 & 0xF0, number >> 4]))


RISCV = InstructionSet(
    name="riscv",
    arches=(MpyArch("rv32imc", 11, _GCC), MpyArch("rv64imc", 12, word=8)),
    elf_machines=("EM_RISCV",),
    # slti zero, zero, 0x4d0 and the numbers after it: hints for custom use (The RISC-V Instruction Set Manual, "HINT
    # Instructions").
    marks=Marks(
        encodings={mark: (0x4D0 + number) << 20 | 0b010 << 12 | 0b0010011 for number, mark in enumerate(Mark)},
        size=4,
        guest="marks_viper.py",
        placeholder=_placeholder,
        directive=".insn",
    ),
)
