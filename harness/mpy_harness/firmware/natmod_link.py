"""Link a native module as MicroPython's mpy_ld.py does, and write down where its functions went.

A build's ``python3`` runs this file in place of ``mpy_ld.py`` (natmod_symbols.py): ``natmod_link.py
LAYOUT MPY_LD ARGUMENT...``. It runs by itself, with the standard library and pyelftools, and leaves
the linking to the linker, whose own tables say which part of which object file is at which offset.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from mpy_harness import architectures


class LinkRecorder:
    """Listens to the linker's steps; addresses are known when the last, ``build_mpy``, is over."""

    def __init__(self, layout: Path) -> None:
        self._layout = layout
        # A section as the linker has it, with the functions in it: name, offset in the section, size, global.
        self._placed: list[tuple[Any, list[tuple[str, int, int, bool]]]] = []
        self._variables: list[tuple[Any, list[tuple[str, int, int, bool]]]] = []

    def object_loaded(self, env: Any, before: int, file: Any) -> None:
        """Take note of an object file's functions, ``before`` sections having been there already."""
        elf: Any = ELFFile(file)
        new = list(env.sections[before:])
        index_to_section: dict[int, Any] = {}
        for index, section in enumerate(elf.iter_sections()):
            if new and (section.name, section.data_size) == (new[0].name, len(new[0].data)):
                index_to_section[index] = new.pop(0)  # the linker takes them in the file's order, and leaves some out
        found: dict[int, list[tuple[str, int, int, bool]]] = {}
        variables: dict[int, list[tuple[str, int, int, bool]]] = {}
        for symbol in elf.get_section_by_name(".symtab").iter_symbols():
            index = symbol["st_shndx"]
            if index not in index_to_section:
                continue
            known = symbol["st_info"]["bind"] != "STB_LOCAL"
            if symbol["st_info"]["type"] == "STT_OBJECT":
                entry = symbol.name, symbol["st_value"], symbol["st_size"], known
                variables.setdefault(index, []).append(entry)
            elif _is_function(symbol, index_to_section[index].name):
                start = architectures.code_address(elf["e_machine"], symbol["st_value"])
                found.setdefault(index, []).append((symbol.name, start, symbol["st_size"], known))
        self._placed += [(index_to_section[index], functions) for index, functions in found.items()]
        self._variables += [(index_to_section[index], listed) for index, listed in variables.items()]

    def linked(self, env: Any) -> None:
        """Write the layout."""
        referred = {symbol.name for symbol in env.unresolved_syms}
        functions = [
            {"name": name, "offset": section.addr + start, "size": size}
            for section, listed in self._placed
            for name, start, size in _one_name_each(listed, referred, len(section.data))
        ]
        variables = [
            {"name": name, "space": self._space(env, section), "offset": section.addr + start, "size": size}
            for section, listed in self._variables
            for name, start, size in _one_name_each(listed, referred, len(section.data))
        ]
        sections = [
            {
                "name": section.name,
                "space": self._space(env, section),
                "offset": section.addr,
                "size": len(section.data),
                "object": str(section.filename or ""),
            }
            for section in env.sections
        ]
        facts = {
            "text_sha256": hashlib.sha256(env.full_text).hexdigest(),
            "functions": sorted(functions, key=lambda function: function["offset"]),
            "variables": variables,
            "sections": sections,
        }
        self._layout.write_text(json.dumps(facts), encoding="utf-8")

    @staticmethod
    def _space(env: Any, section: Any) -> str:
        """Return which of the module's three memories a section went to."""
        if section.name.startswith(".bss"):
            return "bss"
        constants = section.name.startswith((".rodata", ".data.rel.ro"))
        return "rodata" if constants and env.arch.separate_rodata else "text"


def _is_function(symbol: Any, section: str) -> bool:
    kind, name = symbol["st_info"]["type"], symbol.name
    if kind == "STT_FUNC":
        return True
    # Assembly that does not say what its labels are; `$t` and `$d` are marks of the Arm ABI.
    labelled = kind == "STT_NOTYPE" and symbol["st_info"]["bind"] != "STB_LOCAL"
    return labelled and section.startswith(".text") and not name.startswith("$")


def _one_name_each(
    functions: list[tuple[str, int, int, bool]], referred: set[str], end: int
) -> list[tuple[str, int, int]]:
    """Choose among names of the same place: the one that is called, else a global one; fill in absent sizes."""
    starts = sorted({start for _, start, _, _ in functions})
    chosen = []
    for start, following in zip(starts, [*starts[1:], end], strict=True):
        here = [function for function in functions if function[1] == start]
        name = min(here, key=lambda function: (function[0] not in referred, not function[3], function[0]))[0]
        chosen.append((name, start, max(size for _, _, size, _ in here) or following - start))
    return chosen


def main() -> None:
    """Run the linker with its own arguments."""
    layout, linker = Path(sys.argv[1]), Path(sys.argv[2])
    sys.argv = sys.argv[2:]
    sys.path[0] = str(linker.parent)
    mpy_ld: Any = importlib.import_module(linker.stem)
    recorder = LinkRecorder(layout)
    load, build = mpy_ld.load_object_file, mpy_ld.build_mpy

    def load_object_file(env: Any, file: Any, name: str) -> None:
        before = len(env.sections)
        load(env, file, name)
        recorder.object_loaded(env, before, file)

    def build_mpy(env: Any, *arguments: Any) -> None:
        build(env, *arguments)
        recorder.linked(env)

    mpy_ld.load_object_file, mpy_ld.build_mpy = load_object_file, build_mpy
    mpy_ld.main()


if __name__ == "__main__":
    main()
