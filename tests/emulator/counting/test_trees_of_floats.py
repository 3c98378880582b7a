"""On each core, a call tree is in step with the compiler's own functions for floats, whatever values they are given.

Those of libgcc take ways of their own for zeros, infinities and subnormal numbers: on Thumb (ieee754-df.S there) by a
BL within the function, from where some return to that, and others return from the function.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan

import numpy as np
import pytest

from mpy_harness.board import Board
from mpy_harness.counting.profile import Node, Profile
from tests.emulator.absent import target_or_skip
from tests.emulator.counting.test_trees_on_cores import path_to
from tests.emulator.tiny import build_tiny

SOURCE = """
#include "py/dynruntime.h"

static mp_obj_t compute(mp_obj_t pairs) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(pairs, &info, MP_BUFFER_READ);
    const double *pair = info.buf;
    for (size_t at = 0; at < info.len / 16; at++, pair += 2) {
        volatile double a = pair[0], b = pair[1], of_double;
        of_double = a + b;
        of_double = a - b;
        of_double = a * b;
        of_double = a / b;
        volatile float c = a, d = b, of_float;
        of_float = c + d;
        of_float = c - d;
        of_float = c * d;
        of_float = c / d;
        of_double = of_float;
        volatile int whole = a;
        volatile bool is_less = a < b, is_equal = c == d;
        of_double = whole;
        of_float = whole;
        (void)of_double, (void)is_less, (void)is_equal;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(compute_obj, compute);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_compute, MP_OBJ_FROM_PTR(&compute_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
GUEST = """
def sentinel():
    pass
def go(module, pairs):
    module.compute(pairs)
    sentinel()
"""
VALUES = [0.0, -0.0, 1.0, -2.75, 3e38, 1e-40, 5e-324, 2.2e-308, 1.7e308, inf, -inf, nan]


def find(profile: Profile, name: str) -> Node:
    waiting = [profile.root]
    while waiting:
        node = waiting.pop()
        if node.function.name == name:
            return node
        waiting += node.children
    raise AssertionError(name)


_OPEN = pytest.mark.xfail(reason="with GCC 14, part of this module is told elsewhere on Armv6-M", strict=False)


@pytest.mark.parametrize("name", [pytest.param("m0", marks=_OPEN), "m3", "m33", "m7-dp", "rv32"])
def test_floats_of_all_kinds(boot: Callable[..., Board], tmp_path, name: str) -> None:
    board = boot("functions", target_or_skip(name))
    module = board.import_native(build_tiny(tmp_path, "floats", SOURCE, name, runtime=True))
    board.exec(GUEST)

    def profiled(pairs: list[tuple[float, float]]) -> Profile:
        with board.count("region") as count:
            board.call("go", module, board.hold(np.array(pairs).view(np.uint8)))
        assert count.profile is not None
        assert count.profile.root.inclusive == count.instructions
        return count.profile

    usual = profiled([(1.5, 2.5)] * len(VALUES))
    expected = {child.function.name: child.calls for child in find(usual, "compute").children}
    path, own = path_to(usual, "sentinel"), find(usual, "compute").exclusive
    for first in VALUES:
        profile = profiled([(first, second) for second in VALUES])
        node = find(profile, "compute")
        assert (path_to(profile, "sentinel"), node.exclusive) == (path, own), first
        assert {child.function.name: child.calls for child in node.children} == expected, first
