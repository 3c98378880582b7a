"""What a board ran in earlier lives, and where it was in memory, is nothing to the names in a call tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.counting.profile import visits
from tests.emulator.absent import target_or_skip
from tests.emulator.tiny import build_tiny

# Of many functions, all are executed or two.
SOURCE = """
#include "py/dynruntime.h"
#define APART __attribute__((noinline, noclone))

static APART unsigned leaf(unsigned n) {
    __asm volatile ("" : "+r" (n));
    return n * 3 ^ n >> 2;
}
%s
static mp_obj_t run(mp_obj_t all) {
    unsigned n = leaf(1);
    if (mp_obj_get_int(all)) {
        %s
    }
    return mp_obj_new_int(n & 1);
}
static MP_DEFINE_CONST_FUN_OBJ_1(run_obj, run);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_run, MP_OBJ_FROM_PTR(&run_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
FUNCTION = """
static APART unsigned f{0}(unsigned n) {{
    for (volatile int at = 0; at < 2; at++) {{
        n = n * {1} ^ leaf(n + {0});
    }}
    return n + {1};
}}
"""


def source(factor: int) -> str:
    numbers = range(40)
    functions = "".join(FUNCTION.format(number, factor + number) for number in numbers)
    return SOURCE % (functions, "".join(f"n ^= f{number}(n);" for number in numbers))


@pytest.mark.parametrize("name", ["m33", "m0", "rv32"])
def test_modules_of_earlier_lives_hide_no_name(boot, tmp_path: Path, name: str) -> None:
    board = boot("functions", target_or_skip(name))
    for life in range(2):
        module = board.import_native(build_tiny(tmp_path, f"before{life}", source(1000 * life + 77), name))
        board.call("lambda m: m.run(1)", module)
        board.soft_reset()
        board.forget()  # as another test begins
    module = board.import_native(build_tiny(tmp_path, "now", source(5), name))
    with board.count("region") as count:
        board.call("lambda m: m.run(0)", module)
    assert count.profile is not None
    functions = {node.function for node, _ in visits(count.profile.root)}
    assert {each.name for each in functions if each.kind == "natmod"} == {"run", "leaf"}
    assert not [each for each in functions if each.kind == "unknown"]
