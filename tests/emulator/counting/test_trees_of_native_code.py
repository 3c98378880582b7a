"""Call trees of native modules, compared with what their C code does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mpy_harness.board import Board
from mpy_harness.counting import plugin
from mpy_harness.counting.profile import Profile, visits
from tests.emulator.absent import target_or_skip
from tests.emulator.tiny import build_tiny

HEAD = """
#include "py/dynruntime.h"
#define APART __attribute__((noinline, noclone, used))

static APART unsigned leaf(unsigned n) {
    __asm volatile ("" : "+r" (n));
    return n * 3 ^ n >> 2;
}
static APART unsigned after(unsigned n) {
    return leaf(n) + 1;
}
"""
FOOT = """
static mp_obj_t go(mp_obj_t n) {
    unsigned value = run(mp_obj_get_int(n));
    return mp_obj_new_int(after(value) & 1);
}
static MP_DEFINE_CONST_FUN_OBJ_1(go_obj, go);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_go, MP_OBJ_FROM_PTR(&go_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
# Each level catches what is raised below; the two lowest raise it again.
CATCHING = """
static APART unsigned run(unsigned n) {
    nlr_buf_t buffer;
    if (n == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("thrown"));
    }
    if (mp_fun_table.nlr_push(&buffer) == 0) {
        run(n - 1);
        mp_fun_table.nlr_pop();
    } else {
        leaf(n);
        if (n < 3) {
            nlr_raise(MP_OBJ_FROM_PTR(buffer.ret_val));
        }
    }
    return after(n);
}
"""
Tree = dict[str, tuple[int, "Tree"]]


def of_the_module(profile: Profile) -> Tree:
    """Return the tree of the module's own functions: calls, and those called below."""
    found: Tree = {}
    trees = [found]
    for node, entered in visits(profile.root):
        if node.function.kind != "natmod":
            continue
        if not entered:
            trees.pop()
            continue
        calls, below = trees[-1].get(node.function.name, (0, {}))
        trees[-1][node.function.name] = calls + node.calls, below
        trees.append(below)
    return found


@pytest.fixture
def tree_of(boot: Callable[..., Board], tmp_path) -> Callable[..., Tree]:
    def measure(name: str, source: str, number: int) -> Tree:
        board = boot("functions", target_or_skip(name))
        module = board.import_native(build_tiny(tmp_path, "native", HEAD + source + FOOT, name))
        with board.count("region") as count:
            board.call("lambda m, n: m.go(n)", module, number)
        assert count.profile is not None
        assert count.profile.root.inclusive == count.instructions
        return of_the_module(count.profile)

    return measure


AFTER: Tree = {"after": (1, {"leaf": (1, {})})}


@pytest.mark.parametrize("depth", [6, 255])
@pytest.mark.parametrize("name", ["m33", "m0", "rv32"])
def test_exceptions_that_are_caught_deep(tree_of, name: str, depth: int) -> None:
    expected: Tree = {"run": (1, {})}
    for level in range(1, depth + 1):
        own: Tree = dict(expected)
        if level <= 3:
            own["leaf"] = (1, {})
        if level >= 3:
            own |= AFTER
        expected = {"run": (1, own)}
    assert tree_of(name, CATCHING, depth) == {"go": (1, expected | AFTER)}


# In each context two more.
BRANCHING = """
static APART unsigned run(unsigned n);
static APART unsigned one(unsigned n) {
    return n > 0 ? run(n - 1) + 1 : leaf(n);
}
static APART unsigned two(unsigned n) {
    return n > 0 ? run(n - 1) + 2 : leaf(n);
}
static APART unsigned run(unsigned n) {
    unsigned value = one(n);
    return value + two(n);
}
"""


def test_more_contexts_than_are_kept(boot, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "_FLAGS", (*plugin._FLAGS, "-DMOST_NODES=1000"))
    board = boot("functions")
    module = board.import_native(build_tiny(tmp_path, "native", HEAD + BRANCHING + FOOT))

    def profiled(depth: int) -> Profile:
        with board.count("region") as count:
            board.call("lambda m, n: m.go(n)", module, depth)
        assert count.profile is not None
        assert count.profile.root.inclusive == count.instructions
        assert [node for node, _ in visits(count.profile.root) if node.calls < 0 or node.exclusive < 0] == []
        return count.profile

    def calls(profile: Profile) -> dict[str, int]:
        return {cost.function.name: cost.calls for cost in profile.functions() if cost.function.module == "native"}

    for _ in range(2):
        few, many = profiled(3), profiled(9)
        assert calls(few) == {"go": 1, "run": 15, "one": 15, "two": 15, "leaf": 17, "after": 1}
        assert all(child.function.name != "(more contexts than are kept)" for child in few.root.children)
        (others,) = (child for child in many.root.children if child.function.name == "(more contexts than are kept)")
        assert others.exclusive > 0
        called = 1 + 3 * 1023 + 1025 + 1
        # Those of the region's end are in other contexts as well.
        assert called - 10 <= sum(calls(many).values()) + others.calls <= called + 10


# Too long for branches of Armv6-M: compilers jump with BL.
LONG = """
static APART unsigned run(unsigned n) {
    unsigned value = 1;
    for (unsigned turn = 0; turn < n; turn++) {
        if (value & 1) {
            __asm volatile ("%s" : : : "memory");
            value += leaf(turn);
        } else {
            __asm volatile ("%s" : : : "memory");
            value ^= after(value);
        }
        value += turn == 3;
    }
    return value;
}
""" % (("nop\\n" * 1300,) * 2)


def calls_of_long(turns: int) -> tuple[int, int]:
    """Return how often it calls leaf and after."""
    leaves = afters = 0
    value = 1
    for turn in range(turns):
        if value & 1:
            leaves += 1
            value += (turn * 3) ^ (turn >> 2)
        else:
            afters += 1
            value ^= ((value * 3) ^ (value >> 2)) + 1
        value = (value + (turn == 3)) & 0xFFFFFFFF
    return leaves, afters


@pytest.mark.parametrize("name", ["m33", "m0", "rv32"])
@pytest.mark.parametrize("turns", [1, 2, 20])
def test_functions_that_are_too_long_for_branches(tree_of, name: str, turns: int) -> None:
    leaves, afters = calls_of_long(turns)
    below: Tree = {"leaf": (leaves, {})} if leaves else {}
    if afters:
        below["after"] = (afters, {"leaf": (afters, {})})
    assert tree_of(name, LONG, turns) == {"go": (1, {"run": (1, below)} | AFTER)}
