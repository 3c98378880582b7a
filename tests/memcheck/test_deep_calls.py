"""Native code that the firmware calls, that calls the firmware, and so on: each has the frame that it had before."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.board.pool import BoardPool
from tests.emulator.absent import target_or_skip
from tests.emulator.tiny import build_tiny

SOURCE = """
#include "py/dynruntime.h"

static __attribute__((noinline)) unsigned sum(volatile unsigned *of) {
    return of[0] + of[3];
}

static mp_obj_t again(mp_obj_t self, mp_obj_t n_in) {
    volatile unsigned room[4];
    int n = mp_obj_get_int(n_in);
    room[0] = n;
    room[3] = 1;
    if (n == 0) {
        return mp_obj_new_int(1);
    }
    mp_obj_t arguments[2] = {self, mp_obj_new_int(n - 1)};
    mp_call_function_n_kw(self, 2, 0, arguments);
    room[3] += n;
    return mp_obj_new_int(sum(room));
}
static MP_DEFINE_CONST_FUN_OBJ_2(again_obj, again);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_again, MP_OBJ_FROM_PTR(&again_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""


@pytest.mark.parametrize("name", ["m33", "m0", "rv32"])
def test_calls_as_deep_as_the_stack(tmp_path: Path, name: str) -> None:
    pool = BoardPool(tmp_path)
    try:
        board = pool.board(target_or_skip(name), mode=None, check="memory")
        module = board.import_native(build_tiny(tmp_path, "again", SOURCE, name))
        for depth in (10, 100, 200):
            assert board.call("lambda m, n: m.again(m.again, n)", module, depth) == 2 * depth + 1
        assert board.findings == []
    finally:
        pool.close()
