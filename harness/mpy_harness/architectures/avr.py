"""AVR: eight bits, with code and data in memories of their own. MicroPython does not run on it."""

from __future__ import annotations

from mpy_harness.architectures.avr_faults import STACK
from mpy_harness.architectures.instruction_set import Compiler, InstructionSet
from mpy_harness.architectures.marks import Mark, Marks

_GCC = Compiler("avr-", "gcc-avr avr-libc", "binutils-avr")

AVR = InstructionSet(
    name="avr",
    arches=(),
    elf_machines=("EM_AVR",),
    compiler=_GCC,
    data_at=0x800000,
    faults=STACK,
    paint=32 * b"\xa5",
    # mov r16, r16 to mov r21, r21 (AVR Instruction Set Manual, "MOV"): no flag changes, no compiler emits them, and
    # each AVR has these registers.
    marks=Marks(
        encodings={mark: 0x2F00 + 0x11 * number for number, mark in enumerate(Mark)},
        size=2,
        guest="",
        directive=".word",
    ),
)
