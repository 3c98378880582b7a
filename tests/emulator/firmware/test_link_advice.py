"""What is advised where a native module does not link: followed to the letter, it ends with a module that works."""

# ruff: noqa: ISC004, E501 - C code, as it would be written

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.board import Board
from mpy_harness.errors import NatmodInvalid
from mpy_harness.firmware.natmods import build_natmod

MAKEFILE = "MOD = odd\nSRC = odd.c\nARCH ?= armv7emsp\ninclude $(MPY_DIR)/py/dynruntime.mk\n"
INCLUDE = "include $(MPY_DIR)/py/dynruntime.mk\n"
INIT = """
static MP_DEFINE_CONST_FUN_OBJ_1(f_obj, f);
mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_f, MP_OBJ_FROM_PTR(&f_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
LIBC = "MPY_LD_FLAGS += -l$(shell $(CROSS)gcc $(CFLAGS) --print-file-name=libc.a)"

Edit = tuple[str, str, str]  # a file, what is in it, and what comes in its place

# A function f with a fault, what is said (all of it), what is done then, an argument, and what f returns.
FAULTS: dict[str, tuple[str, list[str], list[Edit], Any, Any]] = {
    "static variable": (
        "static int total;\nstatic mp_obj_t f(mp_obj_t x) { total += mp_obj_get_int(x); return mp_obj_new_int(total); }",
        ["Write `total` (odd.c:2) without `static`"],
        [("odd.c", "static int total;", "int total;")],
        3,
        3,
    ),
    "initial value": (
        "int gain = 3;\nstatic mp_obj_t f(mp_obj_t x) { return mp_obj_new_int(gain++ * mp_obj_get_int(x)); }",
        ["Make `gain` (odd.c:2) `const`, or leave it without a value, global and not `static`, and set it in mpy_init"],
        [
            ("odd.c", "int gain = 3;", "int gain;"),
            ("odd.c", "    mp_store_global", "    gain = 3;\n    mp_store_global"),
        ],
        5,
        15,
    ),
    "table of functions": (
        "static int up(int x) { return x + 1; }\nstatic int down(int x) { return x - 1; }\n"
        "static int (*hooks[])(int) = { up, down };\n"
        "static mp_obj_t f(mp_obj_t x) { int i = mp_obj_get_int(x); int (*g)(int) = hooks[i & 1]; "
        "if (i > 100) { hooks[0] = g; } return mp_obj_new_int(g(i)); }",
        ["Make `hooks` (odd.c:4) `const` (a table of pointers: `*const table[]`), or set what it holds in mpy_init"],
        [
            ("odd.c", "(*hooks[])(int) = { up, down };", "(*const hooks[])(int) = { up, down };"),
            ("odd.c", "if (i > 100) { hooks[0] = g; } ", ""),
        ],
        7,
        6,
    ),
    "mathematical function": (
        "#include <math.h>\n"
        "static mp_obj_t f(mp_obj_t x) { return mp_obj_new_int((int)(100 * cosf(mp_obj_get_int(x) / 100.0f))); }",
        ["`cosf` (odd.c:3): `LINK_RUNTIME = 1` in the Makefile, above its `include`"],
        [("Makefile", INCLUDE, f"LINK_RUNTIME = 1\n{INCLUDE}")],
        100,
        54,
    ),
    "double, not meant": (
        "static mp_obj_t f(mp_obj_t x) {\n    float g = mp_obj_get_int(x);\n    g = g * 1.1;\n"
        "    return mp_obj_new_int((int)(g * 10.0f));\n}",
        ["Double precision (odd.c:4): a constant without `f` (1.1f is a float)"],
        [("odd.c", "g * 1.1", "g * 1.1f")],
        3,
        33,
    ),
    "double, meant": (
        "static mp_obj_t f(mp_obj_t x) { double g = mp_obj_get_int(x); return mp_obj_new_int((int)(g * 1e9 / 3e8)); }",
        ["Where it is meant: `LINK_RUNTIME = 1` in the Makefile, above its `include`"],
        [("Makefile", INCLUDE, f"LINK_RUNTIME = 1\n{INCLUDE}")],
        3,
        10,
    ),
    "memset, made by the compiler": (
        "static mp_obj_t f(mp_obj_t x) {\n    char t[200] = {0};\n    t[mp_obj_get_int(x)] = 9;\n"
        "    return mp_obj_new_bytes((byte *)t, 5);\n}",
        ["`memset` (odd.c:3): the firmware has it. Add to one source: `void *memset(", "GCC makes such calls of loops"],
        [
            (
                "odd.c",
                "static mp_obj_t f",
                "void *memset(void *s, int c, size_t n) { return mp_fun_table.memset_(s, c, n); }\nstatic mp_obj_t f",
            )
        ],
        2,
        b"\0\0\x09\0\0",
    ),
    "pure function of libc": (
        "#include <string.h>\nstatic mp_obj_t f(mp_obj_t x) { return mp_obj_new_int(strlen(mp_obj_str_get_str(x))); }",
        [f"`strlen` (odd.c:3): it is in the C library, which is not linked by itself: `{LIBC}`, below"],
        [("Makefile", INCLUDE, f"{INCLUDE}{LIBC}\n")],
        "twelve signs",
        12,
    ),
    "heap": (
        "#include <stdlib.h>\nstatic mp_obj_t f(mp_obj_t x) {\n    int *p = malloc(40);\n"
        "    for (int i = 0; i < 10; ++i) p[i] = i * mp_obj_get_int(x);\n"
        "    x = mp_obj_new_int(p[9]);\n    free(p);\n    return x;\n}",
        ["`malloc` (odd.c:4): ", "m_malloc(size)", "`free` (odd.c:7): ", "m_free(pointer)"],
        [("odd.c", "malloc(40)", "m_malloc(40)"), ("odd.c", "free(p)", "m_free(p)")],
        2,
        18,
    ),
    "text": (
        "#include <stdio.h>\nstatic mp_obj_t f(mp_obj_t x) {\n    char t[32];\n"
        '    int n = snprintf(t, 32, "%d dB", (int)mp_obj_get_int(x));\n    return mp_obj_new_str(t, n);\n}',
        ["`snprintf` (odd.c:5): format with MicroPython: mp_binary_op(MP_BINARY_OP_MODULO, format, value)"],
        [
            ("odd.c", "    char t[32];\n", ""),
            (
                "odd.c",
                '    int n = snprintf(t, 32, "%d dB", (int)mp_obj_get_int(x));\n    return mp_obj_new_str(t, n);',
                '    return mp_binary_op(MP_BINARY_OP_MODULO, mp_obj_new_str("%d dB", 5), x);',
            ),
        ],
        -7,
        "-7 dB",
    ),
    "function of the firmware": (
        "extern unsigned mp_hal_ticks_us(void);\n"
        "static mp_obj_t f(mp_obj_t x) { return mp_obj_new_bool(mp_hal_ticks_us() > 0 && mp_obj_get_int(x)); }",
        [
            "`mp_hal_ticks_us` (odd.c:3): native modules can call only what py/dynruntime.h offers.",
            "MP_QSTR_ticks_us), 0, 0",
        ],
        [
            (
                "odd.c",
                "mp_hal_ticks_us() > 0",
                "mp_obj_get_int(mp_call_function_n_kw(mp_load_attr(mp_import_name(MP_QSTR_time, mp_const_none, "
                "MP_OBJ_NEW_SMALL_INT(0)), MP_QSTR_ticks_us), 0, 0, NULL)) > 0",
            )
        ],
        1,
        True,
    ),
    "source that is not listed": (
        "int elsewhere(int x);\nstatic mp_obj_t f(mp_obj_t x) { return mp_obj_new_int(elsewhere(mp_obj_get_int(x))); }",
        ["`elsewhere` (odd.c:3): no source that is linked defines it. Is the file that does among SRC"],
        [("Makefile", "SRC = odd.c", "SRC = odd.c more.c")],
        4,
        16,
    ),
}


@pytest.mark.parametrize("which", FAULTS)
def test_advice_that_is_followed_helps(
    which: str, source: Any, make_board: Callable[..., Board], tmp_path: Path
) -> None:
    code, said, edits, argument, result = FAULTS[which]
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "odd.c").write_text(f'#include "py/dynruntime.h"\n{code}{INIT}')
    (folder / "more.c").write_text("int elsewhere(int x) { return x * x; }\n")
    with pytest.raises(NatmodInvalid) as caught:
        build_natmod(folder, "armv7emsp", source=source, micropython=source.version)
    for part in said:
        assert part in str(caught.value)
    for name, old, new in edits:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
    board = make_board()
    module = board.import_native(build_natmod(folder, "armv7emsp", source=source, micropython=source.version))
    assert module.f(argument) == result


def follow(message: str, folder: Path, line: str) -> None:
    """Do what a message says: where `errno` is a variable of the library, that is a line in the Makefile."""
    if found := re.search(r"Add to one source: `(int errno_here; .*)`", message):
        source = folder / "odd.c"
        source.write_text(f"{source.read_text()}\n{found[1]}\n")
        return
    assert f"`{line}`, above the `include`" in message
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text().replace(INCLUDE, f"{line}\n{INCLUDE}"))


def test_the_math_librarys_own_variables(source: Any, make_board: Callable[..., Board], tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    makefile = MAKEFILE.replace(INCLUDE, f"LINK_RUNTIME = 1\n{INCLUDE}")
    (folder / "Makefile").write_text(makefile)
    code = "static mp_obj_t f(mp_obj_t x) { return mp_obj_new_int((int)sqrtf(mp_obj_get_int(x))); }"
    (folder / "odd.c").write_text(f'#include <math.h>\n#include "py/dynruntime.h"\n{code}{INIT}')
    with pytest.raises(NatmodInvalid) as caught:
        build_natmod(folder, "armv7emsp", source=source, micropython=source.version)
    follow(str(caught.value), folder, "CFLAGS_EXTRA += -fno-math-errno")
    module = make_board().import_native(build_natmod(folder, "armv7emsp", source=source, micropython=source.version))
    assert module.f(49) == 7


def test_functions_of_the_math_library_without_its_error_handling(
    source: Any, make_board: Callable[..., Board], tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    makefile = MAKEFILE.replace(INCLUDE, f"LINK_RUNTIME = 1\n{INCLUDE}")
    (folder / "Makefile").write_text(makefile)
    code = (
        "static mp_obj_t f(mp_obj_t o) { float x = mp_obj_get_int(o); "
        "return mp_obj_new_int((int)(100 * (expf(x) + logf(x) + powf(x, 1.5f) + fmodf(7, x) + sqrtf(x) + cosf(x)))); }"
    )
    (folder / "odd.c").write_text(f'#include <math.h>\n#include "py/dynruntime.h"\n{code}{INIT}')
    with pytest.raises(NatmodInvalid) as caught:
        build_natmod(folder, "armv7emsp", source=source, micropython=source.version)
    inner = " ".join(f"-D{name}=__ieee754_{name}" for name in ("expf", "fmodf", "logf", "powf", "sqrtf"))
    follow(str(caught.value), folder, f"CFLAGS_EXTRA += {inner}")
    module = make_board().import_native(build_natmod(folder, "armv7emsp", source=source, micropython=source.version))
    exact = 100 * (math.exp(3) + math.log(3) + 3**1.5 + 1 + math.sqrt(3) + math.cos(3))
    assert abs(module.f(3) - exact) <= 1


def test_soft_float_needs_the_compilers_library(source: Any, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE)
    code = "static mp_obj_t f(mp_obj_t x) { return mp_obj_new_int((int)(mp_obj_get_int(x) * 2.5f)); }"
    (folder / "odd.c").write_text(f'#include "py/dynruntime.h"\n{code}{INIT}')
    with pytest.raises(NatmodInvalid, match=r"`__aeabi_fmul` \(odd\.c:2\): `LINK_RUNTIME = 1` in the Makefile"):
        build_natmod(folder, "armv6m", source=source, micropython=source.version)
    (folder / "Makefile").write_text(MAKEFILE.replace(INCLUDE, f"LINK_RUNTIME = 1\n{INCLUDE}"))
    assert build_natmod(folder, "armv6m", source=source, micropython=source.version).sizes["text"] > 0
