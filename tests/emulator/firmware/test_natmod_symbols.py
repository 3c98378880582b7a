"""Where a native module's functions are: checked against the object files, byte for byte."""

from __future__ import annotations

import io
import re
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ar import Archive
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

from mpy_harness.errors import ToolMissing
from mpy_harness.firmware import mpyfile, natmod_symbols, natmods, toolchain
from mpy_harness.firmware.natmods import build_natmod
from mpy_harness.firmware.sources import Source
from mpy_harness.resources import natmods_dir

ARCHITECTURES = ("armv6m", "armv7m", "armv7emsp", "rv32imc")
OURS = [path.parent.name for path in sorted(natmods_dir().glob("*/Makefile"))]
# MicroPython's own: without btree, whose sources are a git submodule.
EXAMPLES = ("features0", "features1", "features2", "features3", "features4",
            "deflate", "framebuf", "heapq", "random", "re")  # fmt: skip
NEEDS_FLOAT = ("features2",)  # whose Makefile leaves RISC-V without
# Bytes that a relocation changes, where not four (ELF for the RISC-V architecture, "Relocations").
RELOCATED = {18: 8, 19: 8, 44: 2, 45: 2, 43: 0, 51: 0}


def folder_of(name: str, source: Source) -> Path:
    return natmods_dir() / name if name in OURS else source.path / "examples" / "natmod" / name


def compiler_or_skip(arch: str) -> None:
    try:
        toolchain.toolchain(toolchain.cross_prefix(arch), "1.26.1")
    except ToolMissing as error:
        pytest.skip(str(error))


def objects(work: Path, log: str) -> Iterator[ELFFile]:
    """Give the object files of a build, and those of the libraries that the linker says it took."""
    for path in sorted(work.glob("build/**/*.o")):
        yield ELFFile(io.BytesIO(path.read_bytes()))
    for library, member in re.findall(r"^using (\S+):(\S+)$", log, re.MULTILINE):
        with Path(library).open("rb") as file:
            yield ELFFile(io.BytesIO(Archive(file).open(member, "rb").read()))


def code_sections(elf: ELFFile) -> Iterator[tuple[Any, dict[int, tuple[set[str], int]], set[int]]]:
    """Give each section with functions: itself, start -> names and size, and the offsets that are relocated."""
    functions: dict[int, dict[int, tuple[set[str], int]]] = {}
    table = elf.get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    for symbol in table.iter_symbols():
        if symbol["st_info"]["type"] == "STT_FUNC" and isinstance(symbol["st_shndx"], int):
            start = symbol["st_value"] & (~1 if elf["e_machine"] == "EM_ARM" else ~0)
            names, size = functions.setdefault(symbol["st_shndx"], {}).setdefault(start, (set(), 0))
            functions[symbol["st_shndx"]][start] = (names | {symbol.name}, max(size, symbol["st_size"]))
    for index, listed in functions.items():
        relocated: set[int] = set()
        for section in elf.iter_sections():
            if isinstance(section, RelocationSection) and section["sh_info"] == index:
                for entry in section.iter_relocations():
                    size = RELOCATED.get(entry["r_info_type"], 4) if elf["e_machine"] == "EM_RISCV" else 4
                    relocated |= set(range(entry["r_offset"], entry["r_offset"] + size))
        if elf.get_section(index).data_size:
            yield elf.get_section(index), listed, relocated


def equal(text: bytes, code: bytes, at: int, relocated: set[int]) -> bool:
    here = text[at : at + len(code)]
    return len(here) == len(code) and all(
        a == b or i in relocated for i, (a, b) in enumerate(zip(here, code, strict=True))
    )


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("name", [*OURS, *EXAMPLES])
def test_every_function_is_where_it_is_said_to_be(name, arch, source, tmp_path):
    compiler_or_skip(arch)
    if arch == "rv32imc" and name in NEEDS_FLOAT:
        pytest.skip("its Makefile builds without floats for RISC-V")
    folder = tmp_path / name
    shutil.copytree(folder_of(name, source), folder)
    makefile = (folder / "Makefile").read_text()
    (folder / "Makefile").write_text(f"MPY_LD_FLAGS += -v\n{makefile}")  # says which objects of libraries it takes
    assert natmods._make(folder, tmp_path / "tools", tmp_path / "build.log", arch, source) is None
    (module,) = folder.glob("*.mpy")
    functions = natmod_symbols.linked(tmp_path / "tools", module).functions
    (native,) = mpyfile.inspect(module).native_modules
    text = native.text
    unaccounted = {function.offset: function for function in functions}
    assert len(unaccounted) == len(functions)
    compared = 0
    for elf in objects(folder, (tmp_path / "build.log").read_text()):
        for section, listed, relocated in code_sections(elf):
            code = section.data()
            first, (names, _) = min(listed.items())
            places = [
                function.offset - first
                for function in unaccounted.values()
                if function.name in names and equal(text, code, function.offset - first, relocated)
            ]
            assert places, f"{sorted(names)} of {section.name} is not where it is said to be"
            for start, (names, size) in listed.items():
                function = unaccounted.pop(places[0] + start)
                assert function.name in names
                assert function.size == size or size == 0 < function.size
            assert places[0] % section.data_alignment == 0
            compared += len(code) - len(relocated)
    assert not unaccounted
    assert compared > 0.4 * len(text)

    (init,) = [function.offset for function in functions if function.name == "mpy_init"]
    assert jump_target(text, arch) == init


def jump_target(text: bytes, arch: str) -> int:
    """Return where a module's text jumps first (the architectures' manuals: B, BL; AUIPC, JALR)."""
    if arch == "rv32imc":
        upper, lower = struct.unpack_from("<Ii", text)
        return (upper & 0xFFFFF000) + (lower >> 20)
    first, second, third = struct.unpack_from("<HHH", text)
    if first >> 11 == 0b11100:
        return 4 + (first & 0x7FF) * 2
    at, high, low = (4, first, second) if arch != "armv6m" else (6, second, third)  # after a push of lr
    return at + ((high & 0x7FF) << 12) + (low & 0x7FF) * 2


@pytest.mark.parametrize(("name", "arch"), [("iir", "armv6m"), ("features2", "armv7m")])
def test_the_linker_writes_what_it_writes_when_nobody_listens(name, arch, source, tmp_path, monkeypatch):
    compiler_or_skip(arch)
    built = build_natmod(folder_of(name, source), arch, source=source, micropython=source.version)
    monkeypatch.setattr(natmod_symbols, "listen", lambda _: None)
    folder = shutil.copytree(folder_of(name, source), tmp_path / name)
    assert natmods._make(folder, tmp_path / "tools", tmp_path / "build.log", arch, source) is None
    (module,) = folder.glob("*.mpy")
    assert built.path.read_bytes() == module.read_bytes()
    assert natmod_symbols.linked(tmp_path / "tools", module) == natmod_symbols.Layout()
    assert {"mpy_init"} < {function.name for function in built.functions}


def test_functions_of_another_text_are_not_taken(source, tmp_path):
    for arch in ("armv7m", "armv7emsp"):
        folder = shutil.copytree(folder_of("features0", source), tmp_path / arch)
        assert natmods._make(folder, folder / "tools", folder / "build.log", arch, source) is None
    module = tmp_path / "armv7emsp" / "features0.mpy"
    for arch, names in (("armv7emsp", ["factorial", "mpy_init"]), ("armv7m", [])):
        functions = natmod_symbols.linked(tmp_path / arch / "tools", module).functions
        assert [function.name for function in functions] == names


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_line_of_code_is_known(arch, source, tmp_path):
    """Each function's code begins in the line of its definition or behind; all of it has lines of that file."""
    compiler_or_skip(arch)
    folder = tmp_path / "project" / "src" / "lines"
    shutil.copytree(folder_of("features0", source), folder)
    edit(folder / "Makefile", "features0.c", "features0.c ../twice.c")
    (folder.parent / "twice.c").write_text("int twice(int x);\n\nint twice(int x) {\n    return 2 * x;\n}\n")
    edit(folder / "features0.c", "static mp_int_t", "int twice(int x);\nstatic mp_int_t")
    edit(folder / "features0.c", "mp_obj_new_int(result)", "mp_obj_new_int(result + twice(0))")
    built = build_natmod(folder, arch, source=source, micropython=source.version)
    lines, functions = built.layout.lines, {function.name: function for function in built.functions}
    first = functions["twice"].offset
    assert {lines.at(at) for at in range(first, first + functions["twice"].size, 2)} <= {
        ("../twice.c", line) for line in (3, 4, 5)
    }
    assert lines.at(first - 1) != lines.at(first)
    init = functions["mpy_init"]
    text = (folder / "features0.c").read_text().splitlines()
    file, line = lines.at(init.offset) or ("", 0)
    definition = next(number for number, code in enumerate(text, 1) if code.startswith("mp_obj_t mpy_init("))
    assert (file, definition <= line <= len(text)) == ("features0.c", True)
    assert lines.at(0) is None or arch == "x64"  # what the linker puts in front


def test_code_of_libraries_has_no_lines(source):
    built = build_natmod(natmods_dir() / "iir", "armv6m", source=source, micropython=source.version)
    (addition,) = [function for function in built.functions if function.name == "__aeabi_fadd"]
    assert built.layout.lines.at(addition.offset) is None
    (run,) = [function for function in built.functions if function.name == "filter_run"]
    file, _ = built.layout.lines.at(run.offset) or ("", 0)
    assert file in {"iir.c", "iir_core.h"}


ASSEMBLY = """
.syntax unified
.thumb
.text
.global labelled
.thumb_func
labelled: push {r4, lr}
.Linner: pop {r4, pc}
.global without_a_type
without_a_type: bx lr
nop
alias_nobody_calls:
.global called
.type called, %function
.type alias_nobody_calls, %function
called: movs r0, #1
bx lr
.size called, . - called
.balign 8
"""


def test_assembly_without_sizes_and_types(source, tmp_path):
    folder = tmp_path / "features0"
    shutil.copytree(folder_of("features0", source), folder)
    (folder / "more.S").write_text(ASSEMBLY)
    edit(folder / "Makefile", "features0.c", "features0.c more.S")
    edit(
        folder / "features0.c",
        "static mp_int_t",
        "int called(void);\nint here(void) { return called(); }\nstatic mp_int_t",
    )
    built = build_natmod(folder, "armv7m", source=source, micropython=source.version)
    functions = {function.name: function for function in built.functions}
    start = functions["labelled"].offset
    more = [(name, one.offset - start, one.size) for name, one in functions.items() if one.offset >= start]
    assert more == [("labelled", 0, 4), ("without_a_type", 4, 4), ("called", 8, 4)]


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
