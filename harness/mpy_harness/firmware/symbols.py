"""Names for addresses in a firmware image."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path


class Symbols:
    """The functions of an ELF file by address; read when first asked."""

    def __init__(self, elf: Path) -> None:
        self._elf = elf
        self._functions: list[tuple[int, int, str]] | None = None

    def describe(self, address: int) -> str:
        """Return in which function of the firmware an address lies, or that it lies in none."""
        address &= ~1  # bit 0 marks Thumb code
        functions = self._read()
        at = bisect_right(functions, (address, 1 << 64, "")) - 1
        if at >= 0:
            start, size, name = functions[at]
            if address < start + max(size, 1):
                return f"{name}() of the firmware"
        return "code that is not the firmware's: a native module's, most likely" if address else "an unknown place"

    def _read(self) -> list[tuple[int, int, str]]:
        if self._functions is None:
            from elftools.common.exceptions import ELFError  # noqa: PLC0415 - rarely needed, and slow to import
            from elftools.elf.elffile import ELFFile  # noqa: PLC0415
            from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415

            self._functions = []
            try:
                with self._elf.open("rb") as file:
                    for section in ELFFile(file).iter_sections():
                        if isinstance(section, SymbolTableSection):
                            self._functions += [
                                (symbol["st_value"] & ~1, symbol["st_size"], symbol.name)
                                for symbol in section.iter_symbols()
                                if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_shndx"] != "SHN_UNDEF"
                            ]
            except (OSError, ELFError):
                pass  # a raw image has no symbols: addresses alone must do
            self._functions.sort()
        return self._functions
