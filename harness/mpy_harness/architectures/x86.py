"""The host's own, which MicroPython's unix port runs on."""

from __future__ import annotations

from mpy_harness.architectures.instruction_set import Compiler, InstructionSet, MpyArch

_GCC = Compiler("", "gcc libc6-dev", "binutils")

X86 = InstructionSet(name="x86", arches=(MpyArch("x86", 1, _GCC),), elf_machines=("EM_386",))
X64 = InstructionSet(name="x64", arches=(MpyArch("x64", 2, _GCC, word=8),), elf_machines=("EM_X86_64",))
