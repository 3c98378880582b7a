"""Arm: the Thumb instruction set of the Cortex-M cores, and the older one that MicroPython knows as well."""

from __future__ import annotations

from mpy_harness.architectures.arm_faults import CORTEX_M
from mpy_harness.architectures.instruction_set import CallPattern, Compiler, InstructionSet, MpyArch
from mpy_harness.architectures.marks import Mark, Marks

_GCC = Compiler("arm-none-eabi-", "gcc-arm-none-eabi libnewlib-arm-none-eabi", "binutils-arm-none-eabi")

THUMB = InstructionSet(
    name="thumb",
    arches=(
        MpyArch("armv6m", 4, _GCC, floats="core", core="cortex-m0"),
        MpyArch("armv7m", 5, _GCC, floats="core", core="cortex-m3"),
        MpyArch("armv7em", 6, floats="core"),
        MpyArch("armv7emsp", 7, _GCC, floats="float", core="cortex-m4"),
        MpyArch("armv7emdp", 8, _GCC, floats="float", precision="double", core="cortex-m7"),
    ),
    elf_machines=("EM_ARM",),
    runs_lesser=True,  # MPY_FEATURE_ARCH_TEST in py/persistentcode.h
    pointer_bits=1,  # set in every pointer to Thumb code
    has_vectors=True,  # Armv8-M Architecture Reference Manual (Arm DDI 0553), B3.30
    arguments=(0, 1, 2, 3),  # r0 to r3: Arm IHI 0042, section 6.4
    calls=(
        CallPattern(2, 0xFF87, 0x4780),
        CallPattern(4, 0xD000F800, 0xD000F000),
    ),  # BLX, BL
    faults=CORTEX_M,
    # Moves of a register to itself. Of the high registers and of two low ones: no compiler emits those, and they are
    # the same in all versions of the architecture.
    marks=Marks(
        encodings={
            Mark.ZERO: 0x46C9,  # mov r9, r9
            Mark.ONE: 0x46D2,  # mov r10, r10
            Mark.START: 0x46DB,  # mov r11, r11
            Mark.STOP: 0x46E4,  # mov r12, r12
            Mark.PAUSE: 0x462D,  # mov r5, r5
            Mark.RESUME: 0x4636,  # mov r6, r6
        },
        size=2,
        guest="marks_thumb.py",
        # Not by its mnemonic: of low registers that is another instruction in the syntax that GCC has for Armv6-M.
        directive=".inst.n",
    ),
)

ARM = InstructionSet(name="arm", arches=(MpyArch("armv6", 3),), elf_machines=("EM_ARM",), pointer_bits=1)
