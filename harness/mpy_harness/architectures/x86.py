"""The host's own, which MicroPython's unix port runs on."""

from __future__ import annotations

from mpy_harness.architectures.instruction_set import Compiler, InstructionSet, MpyArch

_GCC = Compiler("", "gcc libc6-dev", "binutils")

_X86 = MpyArch("x86", 1, _GCC, precision="double", variant="-m32", package="gcc-multilib")
# No host's compiler but that of x86 knows -m64.
_X64 = MpyArch("x64", 2, _GCC, word=8, precision="double", variant="-m64", core="x86-64")

X86 = InstructionSet(name="x86", arches=(_X86,), elf_machines=("EM_386",))
X64 = InstructionSet(name="x64", arches=(_X64,), elf_machines=("EM_X86_64",))
