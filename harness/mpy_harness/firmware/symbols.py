"""Names for addresses in a firmware image."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from pathlib import Path


class Symbols:
    """The functions of an ELF file by address; read when first asked."""

    def __init__(self, elf: Path) -> None:
        self._elf = elf

    def describe(self, address: int) -> str:
        """Return in which function of the firmware an address lies, or that it lies in none."""
        address &= ~1  # bit 0 marks Thumb code
        functions = _read(self._elf)
        at = bisect_right(functions, (address, 1 << 64, "")) - 1
        if at >= 0:
            start, size, name = functions[at]
            if address < start + max(size, 1):
                return f"{name}() of the firmware"
        return "code that is not the firmware's: a native module's, most likely" if address else "an unknown place"


@lru_cache(maxsize=4)
def _read(elf: Path) -> list[tuple[int, int, str]]:
    # Start, size and name, sorted. Images do not change: a board that boots again need not read its own again.
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - rarely needed, and slow to import
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415
    from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415

    functions: list[tuple[int, int, str]] = []
    try:
        with elf.open("rb") as file:
            for section in ELFFile(file).iter_sections():
                if isinstance(section, SymbolTableSection):
                    functions += [
                        (symbol["st_value"] & ~1, symbol["st_size"], symbol.name)
                        for symbol in section.iter_symbols()
                        if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_shndx"] != "SHN_UNDEF"
                    ]
    except (OSError, ELFError):
        pass  # a raw image has no symbols: addresses alone must do
    return sorted(functions)
