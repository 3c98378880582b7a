"""What modules in C and frozen modules take of a firmware, and one filter as module in C and as native module."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.toolchain import find
from mpy_harness.measurements import from_tests
from mpy_harness.resources import natmods_dir, targets_dir
from mpy_harness.sizes.elf import ElfSizes, Module
from mpy_harness.sizes.modules import TOGETHER, read_firmware
from mpy_harness.sizes.mpy import read_mpy
from mpy_harness.targets import Target, load_target
from tests.emulator.projects import mpy_harness

pytestmark = pytest.mark.slow

ADDED = '[firmware.make]\nFROZEN_MANIFEST = "../manifest.py"\nUSER_C_MODULES = "../modules"\n\n[natmod]'
LINES = "SRC_USERMOD_C += $(USERMOD_DIR)/{source}\nCFLAGS_USERMOD += -I$(USERMOD_DIR) -I{core} -ffp-contract=off\n"
# RAM of 1000 bytes without and 400 with a value, 600 bytes of constants, a function of a file elsewhere.
TABLES = """
#include "py/runtime.h"
int tables_far(int);
static uint8_t tables_buffer[1000];
static uint32_t tables_values[100] = {1, 2, 3};
static const uint16_t tables_constants[300] = {4, 5, 6};
static mp_obj_t tables_read(mp_obj_t index) {
    int i = mp_obj_get_int(index) % 100;
    tables_buffer[i] += 1;
    tables_values[i] += tables_buffer[i];
    return MP_OBJ_NEW_SMALL_INT(tables_far(tables_values[i] + tables_constants[i]));
}
static MP_DEFINE_CONST_FUN_OBJ_1(tables_read_obj, tables_read);
static const mp_rom_map_elem_t tables_names[] = {{MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&tables_read_obj)}};
static MP_DEFINE_CONST_DICT(tables_globals, tables_names);
const mp_obj_module_t tables_module = {.base = {&mp_type_module}, .globals = (mp_obj_dict_t *)&tables_globals};
MP_REGISTER_MODULE(MP_QSTR_tables, tables_module);
"""
# natmods/iir in the firmware: the same core, its parts made when the firmware is compiled.
IIRC = """
#include "py/runtime.h"
#include "iir_core.h"
typedef struct {
    mp_obj_base_t base;
    size_t count;
    iir_section_t sections[];
} iirc_filter_t;
static const mp_obj_type_t iirc_filter_type;
static float *iirc_items(mp_obj_t obj, mp_uint_t access, size_t *len) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != 'f') {
        mp_raise_TypeError(MP_ERROR_TEXT("expected array('f')"));
    }
    *len = info.len / sizeof(float);
    return info.buf;
}
static mp_obj_t iirc_new(mp_obj_t sos_in) {
    size_t len;
    const float *sos = iirc_items(sos_in, MP_BUFFER_READ, &len);
    size_t count = len / 6;
    iirc_filter_t *self = mp_obj_malloc_var(iirc_filter_t, sections, iir_section_t, count, &iirc_filter_type);
    self->count = count;
    for (size_t i = 0; i < count; i++, sos += 6) {
        self->sections[i] = (iir_section_t) {sos[0], sos[1], sos[2], sos[4], sos[5], 0, 0};
    }
    iir_reset(self->sections, count);
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(iirc_new_obj, iirc_new);
static mp_obj_t iirc_run(mp_obj_t self_in, mp_obj_t buf) {
    iirc_filter_t *self = MP_OBJ_TO_PTR(self_in);
    size_t len;
    float *items = iirc_items(buf, MP_BUFFER_RW, &len);
    iir_run(self->sections, self->count, items, items, len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(iirc_run_obj, iirc_run);
static const mp_rom_map_elem_t iirc_members[] = {{MP_ROM_QSTR(MP_QSTR_run), MP_ROM_PTR(&iirc_run_obj)}};
static MP_DEFINE_CONST_DICT(iirc_dict, iirc_members);
static MP_DEFINE_CONST_OBJ_TYPE(iirc_filter_type, MP_QSTR_Filter, MP_TYPE_FLAG_NONE, locals_dict, &iirc_dict);
static const mp_rom_map_elem_t iirc_names[] = {{MP_ROM_QSTR(MP_QSTR_new), MP_ROM_PTR(&iirc_new_obj)}};
static MP_DEFINE_CONST_DICT(iirc_globals, iirc_names);
const mp_obj_module_t iirc_module = {.base = {&mp_type_module}, .globals = (mp_obj_dict_t *)&iirc_globals};
MP_REGISTER_MODULE(MP_QSTR_iirc, iirc_module);
"""
FILES = {
    "manifest.py": 'freeze("python")\n',
    "python/first.py": "def second(x):\n    return [x, 'text', 1.5]\n",
    "python/first_second.py": "TABLE = (1, 2, 3, 'more')\ndef third():\n    return TABLE\n",
    "python/package/inner.py": "@micropython.viper\ndef inner(x: int) -> int:\n    return x + 1\n",
    "modules/tables/tables.c": TABLES,
    "modules/tables/micropython.mk": LINES.format(source="tables.c $(USERMOD_DIR)/../../far.c", core="."),
    "modules/iirc/iirc.c": IIRC,
    "modules/iirc/micropython.mk": LINES.format(source="iirc.c", core=natmods_dir() / "iir"),
    "far.c": "int tables_far(int x) { return x * 7; }\n",
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    root = tmp_path_factory.mktemp("project")
    (root / ".git").mkdir()
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    m33 = (targets_dir() / "m33" / "target.toml").read_text(encoding="utf-8")
    (root / "mine").mkdir()
    (root / "mine" / "target.toml").write_text(m33.replace("[natmod]", ADDED), encoding="utf-8")
    return load_target(str(root / "mine"))


@pytest.fixture(scope="module")
def image(target: Target) -> Path:
    return firmware_for(target).elf


@pytest.fixture(scope="module")
def sizes(image: Path, target: Target) -> ElfSizes:
    return read_firmware(image, target)


@pytest.fixture(scope="module")
def modules(sizes: ElfSizes) -> dict[str, Module]:
    return {module.name: module for module in sizes.modules}


def sizes_of_symbols(image: Path, *prefixes: str) -> dict[str, int]:
    """Return symbols that begin so, and their bytes, as the toolchain's ``nm`` says."""
    command = [str(find("arm-none-eabi-nm", "checking symbols")), "-S", "--defined-only", str(image)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    lines = (line.split() for line in said.stdout.splitlines())
    return {line[3]: int(line[1], 16) for line in lines if len(line) == 4 and line[3].startswith(prefixes)}


def named(module: Module) -> dict[str, int]:
    """Return a module's symbols and their bytes."""
    # A variable with a value is in both memories.
    found = {path[-1]: size for tree in (module.ram, module.flash) for path, size in tree.leaves()}
    return {name: size for name, size in found.items() if not name.startswith("(")}


def test_each_is_there_by_its_name(modules):
    kinds = {name: module.kind for name, module in modules.items()}
    assert kinds == {
        **dict.fromkeys(("iirc", "tables"), "C"),
        **dict.fromkeys(("_mpyh", "first", "first_second", "package/inner", TOGETHER), "frozen"),
    }


def test_ram_of_a_module_in_c(modules):
    tables = modules["tables"]
    assert dict(tables.ram.leaves())[("tables_buffer",)] == 1000
    assert tables.ram.bytes == 1400
    assert dict(tables.flash.leaves())[("tables_values",)] == 400  # what is copied from there
    assert modules["iirc"].ram.bytes == 0


@pytest.mark.parametrize("name", ["tables", "iirc"])
def test_all_symbols_of_a_module_in_c_are_its_own_and_no_others(name, modules, image):
    theirs = sizes_of_symbols(image, f"{name}_")
    ours = named(modules[name])
    assert {symbol: size for symbol, size in ours.items() if symbol.startswith(f"{name}_")} == theirs
    assert len(theirs) >= 6
    assert ("tables_far" in ours) == (name == "tables")


@pytest.mark.parametrize("name", ["first", "first_second", "package/inner"])
def test_a_frozen_module_has_its_tables_and_functions(name, modules):
    escaped = name.replace("/", "_")
    assert {f"frozen_module_{escaped}", f"proto_fun_{escaped}__lt_module_gt_"} <= named(modules[name]).keys()
    assert modules[name].ram.bytes == 0


def test_nothing_frozen_is_lost_or_counted_twice(sizes):
    whole = sum(size for path, size in sizes.flash.leaves() if path[1] == "frozen_content.o")
    assert sum(module.flash.bytes for module in sizes.modules if module.kind == "frozen") == whole


def test_they_are_in_the_table_and_in_json(target):
    project = target.folder.parent
    table = mpy_harness("sizes", "mine", "--top", "1", cwd=project).stdout
    assert [line.split()[:2] for line in table.splitlines() if " C  " in line] == [["tables", "C"], ["iirc", "C"]]
    (said,) = json.loads(mpy_harness("sizes", "mine", "--json", cwd=project).stdout).values()
    in_c = {each["name"]: each["ram"] for each in said["modules"] if each["kind"] == "C"}
    assert in_c == {"tables": 1400, "iirc": 0}


def test_they_are_measured(sizes, m33, firmware):
    found = {(each.case, each.metric): each for each in from_tests.of_image(sizes, "mine")}
    assert found["cmodules/tables", "ram"].value == 1400
    assert {case for case, _ in found} == {
        "firmware", "cmodules/tables", "cmodules/iirc", "frozen/first", "frozen/first_second", "frozen/package/inner",
        f"frozen/{TOGETHER}",
    }  # fmt: skip
    for each in found.values():
        assert sum(part.value for part in each.parts) == each.value
    ours_alone = from_tests.of_image(read_firmware(firmware.elf, m33), "m33")
    assert {each.case for each in ours_alone} == {"firmware"}


def test_one_filter_as_native_module_and_as_module_in_c(target, modules, pool):
    """The same instructions for each sample and the same bits; a call differs by how it gets its arguments."""
    built = build_module(natmods_dir() / "iir", target)
    board = pool.board(target, mode="count")
    board.import_native(built.path)
    board.exec("import iir, iirc\nfrom array import array\nsos = array('f', [.2, .4, .2, 1, -.3, .1] * 2)")
    (native, native_more), bits = runs(board, "iir")
    (in_c, in_c_more), same_bits = runs(board, "iirc")
    assert bits == same_bits
    assert native_more - native == in_c_more - in_c > 1000 * 2 * 10
    assert 0 < native - in_c < 200
    flash, ram = modules["iirc"].flash.bytes, read_mpy(built).ram.bytes
    print(f"native module {native:,} instructions, {built.path.stat().st_size:,} B of file, {ram:,} B of RAM")
    print(f"module in C {in_c:,} instructions, {flash:,} B of flash")
    assert flash < ram


def runs(board: Board, module: str) -> tuple[list[int], bytes]:
    """Return the instructions of filtering 100 and 1100 samples, and what came out."""
    counts, out = [], b""
    for samples in (100, 1100):
        board.exec(f"x = array('f', [i % 7 - 3 for i in range({samples})])\nf = {module}.new(sos)")
        with board.count(f"{module} {samples}") as count:
            board.exec("f.run(x)")
        counts.append(count.instructions)
        out += board.eval("bytes(x)")
    return counts, out
