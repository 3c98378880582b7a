"""What a firmware image's symbols say: names for addresses, where functions, stack and handlers are."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from mpy_harness import architectures
from mpy_harness.architectures.instruction_set import Floats

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_STACK = ("_sstack", "_estack")  # as MicroPython's bare-metal ports call its ends
_NATIVE = (
    "_sdata",
    "_ecode",
)  # of our boards: data, heap, code of native modules
_UNSIZED = 256
# In e_flags of an Arm executable (Arm IHI 0044, section 5.5.1): how its functions take floats.
_ARM_FLOATS: dict[int, Floats] = {0x400: "float", 0x200: "core"}
# An entry of a table of symbols in files of 32 and 64 bits (System V ABI, chapter 4: Elf32_Sym, Elf64_Sym), and in it
# the section of a symbol that is not defined, and the type of a function.
_SYMBOL = {32: "IIIBBH", 64: "IBBHQQ"}
_UNDEFINED, _FUNCTION = 0, 2
_MOST_VECTORS = 16 + 480  # Armv8-M: system exceptions and external interrupts (DDI0553, B3.30)


@dataclass(frozen=True, order=True)
class FirmwareFunction:
    """A function: the address of its first instruction, the one behind it, and its name."""

    start: int
    end: int
    name: str


@dataclass(frozen=True)
class Section:
    """A part of an image that is in memory: its addresses, and whether it is to be executed or written."""

    place: range
    is_code: bool
    is_writable: bool


@dataclass(frozen=True)
class _Facts:
    functions: tuple[FirmwareFunction, ...] = ()
    stack: tuple[int, int] | None = None
    vectors: tuple[int, ...] = ()
    addresses: Mapping[str, int] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    initial_stack: int | None = None
    machine: str = ""  # of the ELF file
    floats: Floats | None = None

    def code_address(self, pointer: int) -> int:
        return architectures.code_address(self.machine, pointer)


class Symbols:
    """The symbols of an image; read when first asked. One without symbols has no functions.

    An image that is no ELF file has those of the ELF file of the same name beside it. ``whose`` they are is said of
    addresses.
    """

    def __init__(self, image: Path, whose: str = "firmware") -> None:
        self._whose = whose
        beside = image.with_suffix(".elf")
        self._elf = beside if image.suffix != ".elf" and beside.is_file() and not _is_elf(image) else image

    @property
    def functions(self) -> tuple[FirmwareFunction, ...]:
        """Return the functions by address; of several names for one, the first."""
        return _read(self._elf).functions

    @property
    def stack(self) -> tuple[int, int] | None:
        """Return the stack's lowest address and the one above it, None where the image does not say."""
        return _read(self._elf).stack

    @property
    def initial_stack(self) -> int | None:
        """Return the stack pointer that the core starts with, where a table of vectors has it."""
        return _read(self._elf).initial_stack

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the image's parts that are in memory."""
        return _read(self._elf).sections

    @property
    def native_code(self) -> range | None:
        """Return the addresses at which native modules may be executed, None where the image does not say."""
        low, high = (self.address(name) for name in _NATIVE)
        return range(low, high) if low is not None and high is not None else None

    @property
    def floats(self) -> Floats | None:
        """Return the registers in which functions of an Arm image take floats, None where it does not say."""
        return _read(self._elf).floats

    @property
    def handlers(self) -> frozenset[int]:
        """Return the first addresses of exception handlers, by the table of vectors or by their names."""
        facts = _read(self._elf)
        which = architectures.instruction_set_of_elf(facts.machine)
        named = which.handlers if which is not None else ()
        vectors = {facts.code_address(vector) for vector in facts.vectors}
        return frozenset(each.start for each in facts.functions if each.start in vectors or each.name in named)

    def address(self, name: str) -> int | None:
        """Return the value of the symbol of that name."""
        return _read(self._elf).addresses.get(name)

    def names(self, begin: str) -> list[str]:
        """Return the names of symbols that begin with a text."""
        return [name for name in _read(self._elf).addresses if name.startswith(begin)]

    def at(self, address: int) -> FirmwareFunction | None:
        """Return the function in which an address lies."""
        facts = _read(self._elf)
        functions, place = facts.functions, facts.code_address(address)
        at = bisect_right(functions, place, key=lambda function: function.start) - 1
        return functions[at] if at >= 0 and address < functions[at].end else None

    def describe(self, address: int, modules: Sequence[str] = ()) -> str:
        """Return in words in which function of the image an address lies, or that it lies in none.

        ``modules`` are the names of native modules that it may lie in then.
        """
        function = self.at(address)
        if function is not None:
            return f"{function.name}() of the {self._whose}"
        if not self.functions:
            maybe = f"; a native module's, perhaps ({', '.join(modules)})" if modules else ""
            return f"code without a name: the image has no symbols{maybe}"
        if address <= 1:
            return "an unknown place"
        executable = next((each.is_code for each in self.sections if address in each.place), None)
        if executable:
            return f"none of the functions of the {self._whose}, but its code or constants"
        if self._whose != "firmware":
            return "an unknown place"
        whose = (
            f"a native module's, most likely ({', '.join(modules)})" if modules else "a native module's, most likely"
        )
        if executable is not None:
            return f"memory of the firmware, its heap or data: code that is {whose}"
        if self.native_code is not None and address not in self.native_code:
            return "memory that is kept neither for the firmware nor for native modules"
        return f"code that is not the firmware's: {whose}"


def _is_elf(image: Path) -> bool:
    try:
        with image.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def code_of(elf: Path) -> list[tuple[int, bytes]]:
    """Return the parts of an ELF file that are to be executed, with their addresses; none of what is no ELF file."""
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - rarely needed, and slow to import
    from elftools.elf.constants import SH_FLAGS  # noqa: PLC0415
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        with elf.open("rb") as file:
            sections = [
                section
                for section in ELFFile(file).iter_sections()
                if section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR and section["sh_type"] == "SHT_PROGBITS"
            ]
            return [(section["sh_addr"], section.data()) for section in sections]
    except (OSError, ELFError):
        return []


@lru_cache(maxsize=4)
def _read(elf: Path) -> _Facts:
    # Images do not change: a board that boots again need not read its own again.
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - rarely needed, and slow to import
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        with elf.open("rb") as file:
            image = ELFFile(file)
            symbols = list(_symbols(image))
            addresses = {name: value for name, value, _, _ in symbols}
            low, high = (addresses.get(name) for name in _STACK)
            stack = (low, high) if low is not None and high is not None else None
            machine = image["e_machine"]
            floats = _ARM_FLOATS.get(image["e_flags"] & 0x600) if machine == "EM_ARM" else None
            functions = tuple(_functions(symbols, machine))
            words = _vector_words(image)
            return _Facts(
                functions, stack, words[2:], addresses, tuple(_sections(image)), words[0] if words else None,
                machine, floats,
            )  # fmt: skip
    except (OSError, ELFError):
        return _Facts()  # a raw image has no symbols: addresses alone must do


def _symbols(image: ELFFile) -> Iterator[tuple[str, int, int, bool]]:
    # Name, value, size, whether it is a function. Entries are taken apart here, 30 times as fast as one by one there.
    from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415

    entry = struct.Struct(("<" if image.little_endian else ">") + _SYMBOL[image.elfclass])
    for section in image.iter_sections():
        if not isinstance(section, SymbolTableSection):
            continue
        table, names = section.data(), section.stringtable.data()
        for fields in entry.iter_unpack(table[: len(table) // entry.size * entry.size]):
            if image.elfclass == 32:
                name, value, size, info, _, place = fields
            else:
                name, info, _, place, value, size = fields
            if place != _UNDEFINED:
                text = names[name : names.find(b"\0", name)].decode("utf-8", "replace")
                yield text, value, size, info & 0xF == _FUNCTION


def _sections(image: ELFFile) -> Iterator[Section]:
    from elftools.elf.constants import SH_FLAGS  # noqa: PLC0415

    for section in image.iter_sections():
        if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_size"]:
            place = range(section["sh_addr"], section["sh_addr"] + section["sh_size"])
            flags = section["sh_flags"]
            yield Section(place, bool(flags & SH_FLAGS.SHF_EXECINSTR), bool(flags & SH_FLAGS.SHF_WRITE))


def _functions(symbols: list[tuple[str, int, int, bool]], machine: str) -> Iterator[FirmwareFunction]:
    found: dict[int, tuple[int, str]] = {}
    for name, value, size, is_function in symbols:
        start = architectures.code_address(machine, value)
        if is_function and size >= found.get(start, (0, ""))[0]:
            found.setdefault(start, (size, name))
    starts = sorted(found)
    for start, following in pairwise([*starts, 1 << 64]):
        size, name = found[start]
        # Assembly code may not tell its size: then it ends where the next function begins.
        yield FirmwareFunction(start, min(start + (size or _UNSIZED), following), name)


def _vector_words(image: ELFFile) -> tuple[int, ...]:
    # The initial stack pointer, the reset, and the handlers.
    which = architectures.instruction_set_of_elf(image["e_machine"])
    if which is None or not which.has_vectors:
        return ()
    loaded = [segment for segment in image.iter_segments() if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]]
    first = min(loaded, key=lambda segment: segment["p_paddr"], default=None)
    if first is None:
        return ()
    words = first.data()[: 4 * _MOST_VECTORS]
    return struct.unpack(f"<{len(words) // 4}I", words[: len(words) // 4 * 4])
