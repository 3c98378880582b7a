"""The plugin's decoder of pairs of instructions, for one architecture, called from Python."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from pathlib import Path

from tests.decode.decoder import SOURCES, compile_c

_CODE_BYTES = 4  # what is read of an instruction, however short it is


def padded(code: bytes) -> bytes:
    """Return an instruction's bytes with others behind them, as they lie in memory."""
    return code.ljust(_CODE_BYTES, b"\xff")


class PairDecoder:
    """What ``plugin_c/decode/<architecture>_pairs.c`` tells, compiled into a folder."""

    def __init__(self, architecture: str, folder: Path) -> None:
        library = folder / "pairs.so"
        compile_c([SOURCES / "rules.c", *sorted(SOURCES.glob(f"{architecture}*.c"))], library, "-shared", "-fPIC")
        self.library = ctypes.CDLL(str(library))
        self._decode = self.library[f"decode_{architecture}"]
        self._pair = self.library[f"{architecture}_pair"]
        self._reads = self.library[f"{architecture}_reads"]
        self._reads.restype = ctypes.c_uint64

    def reads(self, code: bytes) -> list[int]:
        """Return the registers that an instruction reads, by their numbers in the decoder's mask."""
        mask = self._reads(padded(code))
        return [number for number in range(64) if mask >> number & 1]

    def kinds(self, codes: Iterable[bytes]) -> list[int]:
        """Return what it tells of each two instructions, a number of ``enum pair``."""
        each = iter(map(padded, codes))
        insn, state = ctypes.create_string_buffer(64), ctypes.create_string_buffer(8)
        found = []
        for first, second in zip(each, each, strict=True):
            self._decode(first, 0, state, insn)
            found.append(self._pair(insn, first, second))
        return found
