"""Instruction sets: everything that the harness knows of one is one entry here, and everybody else asks.

To add one, write its module, list it in ``INSTRUCTION_SETS``, and give the counting plugin a decoder of that name
(counting/plugin_c/decode). tests/decode compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

from mpy_harness.architectures.arm import ARM, THUMB
from mpy_harness.architectures.avr import AVR
from mpy_harness.architectures.instruction_set import InstructionSet, MpyArch
from mpy_harness.architectures.riscv import RISCV
from mpy_harness.architectures.x86 import X64, X86
from mpy_harness.architectures.xtensa import LX106, XTENSA

INSTRUCTION_SETS = (X86, X64, THUMB, ARM, LX106, XTENSA, RISCV, AVR)

_ARCHES = {arch.name: (arch, which) for which in INSTRUCTION_SETS for arch in which.arches}
_NUMBERS = {arch.number: arch.name for arch, _ in _ARCHES.values()}

#: What ``.mpy`` files without native code have in place of an architecture.
NO_ARCH = "none"
#: The names of architectures, by their number in ``.mpy`` files.
ARCH_NAMES = (NO_ARCH, *(_NUMBERS[number] for number in range(1, len(_NUMBERS) + 1)))
_COMPILERS = (*(arch.compiler for arch, _ in _ARCHES.values()), *(which.compiler for which in INSTRUCTION_SETS))
#: The compilers, each once.
COMPILERS = tuple(dict.fromkeys(compiler for compiler in _COMPILERS if compiler is not None))


def mpy_arch(name: str) -> MpyArch | None:
    """Return the architecture that MicroPython calls so, None where there is none."""
    return _ARCHES[name][0] if name in _ARCHES else None


def instruction_set(arch: str) -> InstructionSet | None:
    """Return the instruction set of an architecture, None of one that is not known."""
    return _ARCHES[arch][1] if arch in _ARCHES else None


def instruction_set_named(name: str) -> InstructionSet | None:
    """Return the instruction set of that name, None where there is none."""
    return next((which for which in INSTRUCTION_SETS if which.name == name), None)


def instruction_set_of_elf(machine: str) -> InstructionSet | None:
    """Return the instruction set of an ELF file by its machine (``e_machine``), None of one that is not known."""
    return next((which for which in INSTRUCTION_SETS if machine in which.elf_machines), None)


def buildable_arches() -> list[str]:
    """Return the names of the architectures that native modules can be built for, sorted."""
    return sorted(arch.name for arch, _ in _ARCHES.values() if arch.compiler is not None)


def runs_on(code: str, core: str) -> bool:
    """Tell whether a core of one architecture runs native code of another, or of its own."""
    which = instruction_set(core)
    if code == core or which is None:
        return code == core
    names = [arch.name for arch in which.arches]
    return which.runs_lesser and code in names and names.index(code) < names.index(core)


def fault_reasons(registers: Mapping[str, int]) -> list[str]:
    """Return why a core took a fault, by the registers that its firmware reports; nothing where they do not say."""
    formats = (which.faults for which in INSTRUCTION_SETS if which.faults is not None)
    return next((each.reasons(registers) for each in formats if each.status in registers), [])


def code_address(elf_machine: str, pointer: int) -> int:
    """Return the address that a pointer to code of an ELF file points to."""
    which = instruction_set_of_elf(elf_machine)
    return which.code_address(pointer) if which is not None else pointer
