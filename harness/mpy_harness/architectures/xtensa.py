"""Xtensa: the ESP8266's, and the ESP32's with windowed registers."""

from __future__ import annotations

import re

from mpy_harness.architectures.instruction_set import Compiler, InstructionSet, MpyArch
from mpy_harness.architectures.marks import Mark, Marks

_LX106 = Compiler("xtensa-lx106-elf-")
_ESP32 = Compiler(
    "xtensa-esp32-elf-",
    advice="Espressif's is installed with ESP-IDF (idf_tools.py install xtensa-esp-elf); put it on the PATH",
)


def _placeholder(number: int) -> bytes:
    # movi at, number ("MOVI" of the Xtensa ISA Reference Manual).
    return rb"[\x02-\xf2]" + re.escape(bytes([0xA0 | number >> 8, number & 0xFF]))


# Without windowed registers no chip is counted: the decoder knows the ESP32's core.
LX106 = InstructionSet(name="xtensa-lx106", arches=(MpyArch("xtensa", 9, _LX106),), elf_machines=("EM_XTENSA",))

XTENSA = InstructionSet(
    name="xtensa",
    arches=(MpyArch("xtensawin", 10, _ESP32, core="xtensa-lx6"),),
    elf_machines=("EM_XTENSA",),
    # Of registers that are in the window in any case: spilling others is an exception, which would repeat the mark.
    marks=Marks(
        encodings={
            Mark.ZERO: 0x433330,  # min a3, a3, a3
            Mark.ONE: 0x533330,  # max a3, a3, a3
            Mark.START: 0x202220,  # or a2, a2, a2
            Mark.STOP: 0x102220,  # and a2, a2, a2
            Mark.PAUSE: 0x203330,  # or a3, a3, a3
            Mark.RESUME: 0x103330,  # and a3, a3, a3
        },
        size=3,
        guest="marks_viper.py",
        placeholder=_placeholder,
    ),
)
