"""RISC-V."""

from __future__ import annotations

import re

from mpy_harness.architectures.instruction_set import CallPattern, Compiler, InstructionSet, MpyArch
from mpy_harness.architectures.marks import Mark, Marks
from mpy_harness.architectures.riscv_faults import MACHINE_MODE

_GCC = Compiler(
    "riscv64-unknown-elf-", "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf", "binutils-riscv64-unknown-elf"
)


def _placeholder(number: int) -> bytes:
    # addi rd, zero, number ("RV32I").
    return rb"[\x13\x93][\0-\x0f]" + re.escape(bytes([number << 4 & 0xF0, number >> 4]))


RISCV = InstructionSet(
    name="riscv",
    arches=(MpyArch("rv32imc", 11, _GCC, core="rv32imc"), MpyArch("rv64imc", 12, word=8)),
    elf_machines=("EM_RISCV",),
    handlers=("board_trap", "board_trapped", "console_interrupt"),  # targets/boards/riscv32
    calls=(
        CallPattern(4, 0x00007FFF, 0x000000E7),
        # c.jalr, of a register that is not zero: each of these bits may be the one that is set.
        *(CallPattern(2, 0xF07F | bit, 0x9002 | bit) for bit in (0x080, 0x100, 0x200, 0x400, 0x800)),
    ),  # jalr that leaves the next address in ra; compilers call with no other
    faults=MACHINE_MODE,
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
