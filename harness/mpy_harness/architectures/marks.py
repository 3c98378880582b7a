"""Marks: instructions that do nothing, by which guest code tells what counts it where a region begins and ends.

What executing one means: counting/plugin_c/decode/decode.h, counting/plugin_c/region.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from mpy_harness.errors import MachineryError


class Mark(IntEnum):
    """What a mark says; the numbers are those of ``enum mark`` in counting/plugin_c/decode/decode.h."""

    ZERO = 1
    ONE = 2
    START = 3
    STOP = 4
    PAUSE = 5
    RESUME = 6


#: What guest/marks_viper.py has in place of each mark: the assignment of this number.
PLACEHOLDERS: Mapping[Mark, int] = {mark: 1200 + mark for mark in Mark}


@dataclass(frozen=True)
class Marks:
    """The marks of an instruction set: their encodings, all of ``size`` bytes, the lowest first in memory.

    ``guest`` is the file of the folder guest/ that executes them. Where MicroPython has an assembler, they stand in
    that file. Elsewhere it has numbers, and ``placeholder`` gives, for a number, a regular expression that matches the
    instruction which mpy-cross makes of its assignment.

    ``directive`` writes an encoding in the GNU assembler's language; None where no board has code of ours.
    """

    encodings: Mapping[Mark, int]
    size: int
    guest: str
    placeholder: Callable[[int], bytes] | None = None
    directive: str | None = None

    @property
    def by_encoding(self) -> dict[int, Mark]:
        """Return the marks by their encoding."""
        return {encoding: mark for mark, encoding in self.encodings.items()}

    def encoded(self, mark: Mark) -> bytes:
        """Return a mark as it lies in memory."""
        return self.encodings[mark].to_bytes(self.size, "little")

    def put_into(self, runtime: bytes) -> bytes:
        """Return the guest's compiled runtime with the marks in place of their placeholders."""
        if self.placeholder is None:
            return runtime
        for mark, number in PLACEHOLDERS.items():
            found = re.findall(b"(?s)" + self.placeholder(number), runtime)
            if len(found) != 1:
                raise MachineryError(f"{len(found)} places for mark {number} in the guest's runtime, not one")
            runtime = runtime.replace(found[0], self.encoded(mark))
        return runtime

    def header(self) -> str:
        """Return a C header that defines ``MARK_ZERO`` and so on: the text of an assembler statement for each."""
        width = 2 * self.size
        lines = [f'#define MARK_{mark.name} "{self.directive} 0x{self.encodings[mark]:0{width}x}"' for mark in Mark]
        return "\n".join(["#pragma once", "", *lines, ""])
