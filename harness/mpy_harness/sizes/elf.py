"""What a firmware image takes of flash and RAM: by region, section, object file and symbol.

All figures are bytes and come from the ELF file; the linker's map beside it adds the object files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mpy_harness.errors import ImageInvalid
from mpy_harness.sizes.linkmap import Piece, read_map
from mpy_harness.sizes.symbols import Symbol, read_symbols, share_out
from mpy_harness.sizes.tree import SizeTree, merged
from mpy_harness.targets import Memory, Target

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

#: The parts of an image: code, constants, variables with a value (in flash as well), those without, stacks.
Kind = Literal["text", "rodata", "data", "bss", "stack"]
OUTSIDE = "outside the memory map"
_ALLOCATED, _WRITABLE = 0x2, 0x1  # SHF_ALLOC, SHF_WRITE


@dataclass(frozen=True)
class Section:
    """An allocated output section; ``load`` is where its content is stored, None if it has none."""

    name: str
    kind: Kind
    address: int
    size: int
    load: int | None


@dataclass(frozen=True)
class Region:
    """A region of the memory map: its bytes, those taken, by section and as a tree by object file and symbol."""

    name: str
    kind: Literal["flash", "ram"]
    length: int | None
    sections: dict[str, int]
    tree: SizeTree

    @property
    def used(self) -> int:
        """Return the bytes taken."""
        return self.tree.bytes


@dataclass(frozen=True)
class Module:
    """A module that somebody added to a firmware, in C or frozen Python: what it takes of flash and RAM, by symbol."""

    name: str
    kind: Literal["C", "frozen"]
    flash: SizeTree
    ram: SizeTree


@dataclass(frozen=True)
class ElfSizes:
    """The sizes of an image; ``kinds`` gives the bytes of each kind, over all regions.

    ``modules`` are those that were added to a firmware (modules.py), none where an image is looked at as such.
    """

    path: Path
    sections: tuple[Section, ...]
    regions: tuple[Region, ...]
    kinds: dict[Kind, int] = field(default_factory=dict)
    modules: tuple[Module, ...] = ()

    @property
    def flash(self) -> SizeTree:
        """Return what is stored in flash: code, constants, the initial values of variables."""
        return self._tree("flash")

    @property
    def ram(self) -> SizeTree:
        """Return what lies in RAM: variables and what is reserved for stacks."""
        return self._tree("ram")

    def _tree(self, kind: Literal["flash", "ram"]) -> SizeTree:
        return SizeTree.of(kind, [region.tree for region in self.regions if region.kind == kind])


def read_elf(path: Path, target: Target | None = None) -> ElfSizes:
    """Return the sizes of a linked image, by the regions of the target's memory map where one is given.

    The map file is the one of the same name with the suffix ``.map``. Raises ImageInvalid for what is no ELF
    file of a bare-metal program.
    """
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - slow to import
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            image = ELFFile(file)
            pieces = read_map(path.with_suffix(".map"))
            sections = list(_sections(image, pieces))
            symbols = read_symbols(image)
    except OSError as error:
        raise ImageInvalid(f"{path} cannot be read: {error.strerror}") from error
    except (ELFError, ValueError, OverflowError, UnicodeDecodeError) as error:
        raise ImageInvalid(f"{path} is not a whole ELF file: {error}. Give the linked image (.elf).") from error
    if not sections:
        raise ImageInvalid(f"{path} has no program segments: it is not linked. Give the linked image (.elf).")
    kinds: dict[Kind, int] = dict.fromkeys(("text", "rodata", "data", "bss", "stack"), 0)
    for section in sections:
        constants = 0
        if section.kind == "text":  # linker scripts often put constants into the same section
            constants = sum(p.size for p in pieces if p.output == section.name and p.name.startswith(".rodata"))
            kinds["rodata"] += constants
        kinds[section.kind] += section.size - constants
    memory = () if target is None else target.memory
    return ElfSizes(path, tuple(sections), tuple(_regions(sections, pieces, symbols, memory)), kinds)


def _sections(image: ELFFile, pieces: Sequence[Piece]) -> Iterator[Section]:
    segments = [segment for segment in image.iter_segments() if segment["p_type"] == "PT_LOAD"]
    with_content = {piece.output for piece in pieces}
    for section in image.iter_sections():
        address, size, flags = section["sh_addr"], section["sh_size"], section["sh_flags"]
        if not flags & _ALLOCATED or not size:
            continue
        home = next((s for s in segments if s["p_vaddr"] <= address < s["p_vaddr"] + s["p_memsz"]), None)
        if home is None:
            continue
        stored = section["sh_type"] != "SHT_NOBITS"
        load = address - home["p_vaddr"] + home["p_paddr"] if stored else None
        if not stored:
            # Room that a linker script reserves without any variable in it.
            reserved = "stack" in section.name or (bool(pieces) and section.name not in with_content)
            kind: Kind = "stack" if reserved and "heap" not in section.name else "bss"
        elif flags & _WRITABLE:
            kind = "data"
        else:
            kind = "rodata" if section.name.startswith(".rodata") else "text"
        yield Section(section.name, kind, address, size, load)


def _regions(
    sections: Sequence[Section], pieces: Sequence[Piece], symbols: Sequence[Symbol], memory: Sequence[Memory]
) -> Iterator[Region]:
    parts: dict[tuple[str, Literal["flash", "ram"]], list[Section]] = {}
    for section in sections:
        writable = section.kind in {"data", "bss", "stack"}
        places = [(section.address, "ram")] if writable else []
        if section.load is not None:
            places.append((section.load, "flash"))
        for name, kind in dict.fromkeys(_place(address, usual, memory) for address, usual in places):
            parts.setdefault((name, kind), []).append(section)
    lengths = {region.name: region.length for region in memory}
    order = [region.name for region in memory]
    trees = {
        section.name: share_out(section.name, section.address, section.size, pieces, symbols) for section in sections
    }
    for (name, kind), members in sorted(parts.items(), key=lambda part: (*order, part[0][0]).index(part[0][0])):
        tree = merged(name, [trees[section.name] for section in members])
        yield Region(name, kind, lengths.get(name), {section.name: section.size for section in members}, tree)


def _place(address: int, usual: str, memory: Sequence[Memory]) -> tuple[str, Literal["flash", "ram"]]:
    kind: Literal["flash", "ram"] = "flash" if usual == "flash" else "ram"
    for region in memory:
        if region.origin <= address < region.origin + region.length:
            return region.name, "flash" if region.kind == "flash" else "ram"
    return (OUTSIDE if memory else kind), kind
