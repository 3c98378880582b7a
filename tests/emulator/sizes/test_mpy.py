"""The sizes of native modules against what MicroPython's linker says, symbols against their sources."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import CorruptModule
from mpy_harness.firmware.natmods import NatmodBuild, build_natmod
from mpy_harness.firmware.sources import micropython_source
from mpy_harness.firmware.toolchain import cross_prefix, package_for
from mpy_harness.resources import natmods_dir
from mpy_harness.sizes.mpy import read_mpy
from mpy_harness.targets import Target

TABLE = """
const int table[256] = {1, 2, 3};
int counters[40];
static mp_obj_t look(mp_obj_t at) {
    int i = mp_obj_get_int(at) & 255;
    counters[i % 40]++;
    return mp_obj_new_int(table[i]);
}
"""


@pytest.fixture(scope="module")
def iir(m33: Target) -> NatmodBuild:
    return build_module(natmods_dir() / "iir", m33)


def module_with_a_table(folder: Path, source: str = TABLE) -> Path:
    (folder / "looked").mkdir()
    shutil.copy(natmods_dir() / "iir" / "Makefile", folder / "looked" / "Makefile")
    makefile = (folder / "looked" / "Makefile").read_text(encoding="utf-8").replace("iir", "looked")
    (folder / "looked" / "Makefile").write_text(makefile, encoding="utf-8")
    (folder / "looked" / "looked.c").write_text(
        '#include "py/dynruntime.h"\n'
        + source
        + """
static MP_DEFINE_CONST_FUN_OBJ_1(look_obj, look);
mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_look, MP_OBJ_FROM_PTR(&look_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
""",
        encoding="utf-8",
    )
    return folder / "looked"


def test_a_module_has_the_bytes_that_its_linker_says(iir: NatmodBuild) -> None:
    sizes = read_mpy(iir)
    assert sizes.file == iir.path.stat().st_size == sum(sizes.parts.values())
    log = (iir.path.parent / "build.log").read_text(encoding="utf-8")
    assert f"text size:    {sizes.text + sizes.rodata}\n" in log  # on Arm the linker puts constants into the text
    assert f"bss size:     {sizes.bss}\n" in log
    assert f"GOT entries:  {sizes.got}\n" in log
    assert sizes.ram.bytes == sizes.text + sizes.rodata + sizes.bss
    assert {name: iir.sizes[name] for name in ("text", "rodata", "bss")} == {
        name: getattr(sizes, name) for name in ("text", "rodata", "bss")
    }
    flash = dict(sizes.flash.leaves())
    assert flash["iir.o", "filter_run"] == {f.name: f.size for f in iir.functions}["filter_run"]
    assert ("iir.o", "iir_filter_type") in dict(sizes.ram.leaves())
    assert ("iir.o", "iir_filter_type") not in flash  # a variable without a value is not in the file
    assert sizes.relocations >= (sizes.got or 0) > 0


def test_a_table_is_found_by_its_name(m33: Target, tmp_path: Path) -> None:
    built = build_module(module_with_a_table(tmp_path), m33)
    sizes = read_mpy(built)
    flash, ram = dict(sizes.flash.leaves()), dict(sizes.ram.leaves())
    assert flash["looked.o", "table"] == ram["looked.o", "table"] == 1024
    assert ram["looked.o", "counters"] == 160
    assert sizes.rodata >= 1024
    assert sizes.bss >= 160


@pytest.mark.parametrize("arch", ["armv6m", "rv32imc"])
def test_other_architectures(arch: str) -> None:
    gcc = f"{cross_prefix(arch)}gcc"
    if shutil.which(gcc) is None:
        pytest.skip(f"{gcc} is not installed; on Debian: apt install {package_for(gcc)}")
    source = micropython_source("1.26.1")
    built = build_natmod(source.path / "examples" / "natmod" / "heapq", arch, source=source, micropython="1.26.1")
    sizes = read_mpy(built)
    assert sizes.file == sum(sizes.parts.values()) == sum(size for _, size in sizes.flash.leaves())
    assert sizes.arch == arch
    assert any(path[-1] == "heapq_heap_siftup" for path, _ in sizes.flash.leaves())


def test_a_file_from_elsewhere_tells_what_it_can(iir: NatmodBuild, tmp_path: Path) -> None:
    shutil.copy(iir.path, tmp_path / "iir.mpy")
    alone, built = read_mpy(tmp_path / "iir.mpy"), read_mpy(iir)
    assert (alone.file, alone.bss, alone.relocations, alone.names) == (
        built.file,
        built.bss,
        built.relocations,
        built.names,
    )
    assert (alone.text, alone.rodata, alone.got) == (built.text + built.rodata, 0, None)
    assert alone.ram.bytes == built.ram.bytes
    assert dict(alone.flash.leaves())["(native code)", "text"] == alone.text


def test_another_format_has_its_size_alone(tmp_path: Path) -> None:
    file = tmp_path / "old.mpy"
    file.write_bytes(b"M\x05\x00\x1f" + bytes(96))
    sizes = read_mpy(file)
    assert (sizes.file, sizes.text, sizes.ram.bytes) == (100, 0, 0)


def test_a_damaged_file_is_refused(iir: NatmodBuild, tmp_path: Path) -> None:
    file = tmp_path / "iir.mpy"
    file.write_bytes(iir.path.read_bytes()[:-9])
    with pytest.raises(CorruptModule):
        read_mpy(file)
