"""What modules in C and frozen modules take of a firmware's flash and RAM.

An object file of a module in C has the module's folder in its name; all frozen modules are in one object file, where
MicroPython's ``mpy-tool.py`` gives each symbol its module's name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from mpy_harness.errors import ImageInvalid
from mpy_harness.firmware import additions
from mpy_harness.sizes.elf import ElfSizes, Module, read_elf
from mpy_harness.sizes.tree import SizeTree
from mpy_harness.targets import Target

#: What frozen modules have together: their names and strings, and the lists of them.
TOGETHER = "(all frozen: names, strings)"
_FROZEN = "frozen_content.o"
_NAMES = "mp_frozen_names"
_OF_A_MODULE = re.compile(
    r"(?:frozen_module|const_qstr_table_data|const_obj_table_data|const_obj|proto_fun|fun_data|children)_(.*)"
)


def read_firmware(path: Path, target: Target) -> ElfSizes:
    """Return the sizes of a target's firmware, with the modules that were added to it. Raises ImageInvalid."""
    sizes = read_elf(path, target)
    described = target.firmware_of or target
    in_c = additions.c_modules(described) if described.is_built else frozenset()
    frozen = {name.removesuffix(".py").replace("/", "_"): name.removesuffix(".py") for name in _frozen_names(path)}
    found: dict[tuple[Literal["C", "frozen"], str], dict[str, Counter[str]]] = {}
    for memory in (sizes.flash, sizes.ram):
        for (_, object_file, *_, symbol), size in ((leaf, size) for leaf, size in memory.leaves() if len(leaf) > 2):
            whose = _module(object_file, symbol, in_c, frozen)
            if whose is not None:
                found.setdefault(whose, {}).setdefault(memory.name, Counter())[symbol] += size
    modules = (
        Module(name, kind, SizeTree.of("flash", takes.get("flash", {})), SizeTree.of("ram", takes.get("ram", {})))
        for (kind, name), takes in found.items()
    )
    return replace(sizes, modules=tuple(sorted(modules, key=lambda each: (each.kind, -each.flash.bytes, each.name))))


def _module(
    object_file: str, symbol: str, in_c: frozenset[str], frozen: dict[str, str]
) -> tuple[Literal["C", "frozen"], str] | None:
    """Return whose a symbol is."""
    folder = object_file.partition("/")[0]
    if folder in in_c:
        return "C", folder
    if object_file != _FROZEN:
        return None
    found = _OF_A_MODULE.fullmatch(symbol)
    named = found.group(1) if found else ""
    # Of a/b.py is a_b, as a function b in a.py would be: the longest name is the likely one.
    fitting = (escaped for escaped in frozen if named == escaped or named.startswith(f"{escaped}_"))
    escaped = max(fitting, key=len, default=None)
    return "frozen", TOGETHER if escaped is None else frozen[escaped]


def _frozen_names(path: Path) -> Iterator[str]:
    """Return the file names of an image's frozen modules, below the folders that they were frozen from."""
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - slow to import
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415
    from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            image = ELFFile(file)
            symbols = image.get_section_by_name(".symtab")
            known = symbols.get_symbol_by_name(_NAMES) if isinstance(symbols, SymbolTableSection) else None
            for symbol in known or ():
                start, section = symbol["st_value"], image.get_section(symbol["st_shndx"])
                content = section.data()[start - section["sh_addr"] :][: symbol["st_size"]]
                yield from (name.decode("utf-8", "replace") for name in content.split(b"\0") if name.endswith(b".py"))
    except (OSError, ELFError, ValueError, AttributeError) as error:
        raise ImageInvalid(f"{path} is not a whole ELF file: {error}. Give the linked image (.elf).") from error
