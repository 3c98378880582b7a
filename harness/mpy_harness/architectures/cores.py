"""Cores that the code in targets/boards is compiled for: what GCC is told, and which memory protection they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: Memory protection: of Armv7-M (Arm DDI 0403, section B3.5), of Armv8-M (Arm DDI 0553, section B10) and of RISC-V (The
#: RISC-V Instruction Set Manual, volume II, "Physical Memory Protection").
Protection = Literal["pmsav7", "pmsav8", "pmp"]


@dataclass(frozen=True)
class Core:
    """A core: its compiler flags, and its memory protection unit where it has one.

    ``code`` is its instruction set, where MicroPython has no architecture that says it.
    """

    flags: tuple[str, ...]
    mpu: Protection | None
    code: str | None = None


#: By the name that ``core`` in target.toml has. A core that is sold with and without FPU is here with the one that the
#: emulators give it.
CORES: Mapping[str, Core] = {
    "cortex-m0": Core(("-mcpu=cortex-m0", "-mfloat-abi=soft"), None),
    "cortex-m0plus": Core(("-mcpu=cortex-m0plus", "-mfloat-abi=soft"), None),
    "cortex-m3": Core(("-mcpu=cortex-m3", "-mfloat-abi=soft"), "pmsav7"),
    "cortex-m4": Core(("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"), "pmsav7"),
    "cortex-m7": Core(("-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard"), "pmsav7"),
    "cortex-m33": Core(("-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"), "pmsav8"),
    "cortex-m55": Core(("-mcpu=cortex-m55", "-mfloat-abi=hard"), "pmsav8"),
    # By the older specification, in which control registers (Zicsr) are part of every core: GCC 12 finds no libraries
    # for an architecture that names them.
    "rv32imc": Core(("-march=rv32imc", "-mabi=ilp32", "-misa-spec=2.2"), "pmp"),
    # What else GCC is told of an AVR, its chip, is the board's.
    "avr5": Core((), None, "avr"),
    "avr6": Core((), None, "avr"),
    # What its compiler is told is how it was built; MicroPython's images for it are published, not built here.
    "xtensa-lx6": Core((), None, "xtensa"),
}
