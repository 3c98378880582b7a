"""Call trees: who called whom how often, through exceptions, generators, native code and deep recursion."""

from __future__ import annotations

from typing import Any

import pytest

from mpy_harness.board import Board
from mpy_harness.counting.count import Count
from mpy_harness.counting.profile import Profile, visits
from mpy_harness.firmware.natmods import NatmodBuild
from tests.emulator.tiny import build_tiny

KINDS = ("python", "native", "natmod")  # whose calls are told by a program's source, other than the firmware's
Tree = dict[str, tuple[int, Any]]

PROGRAM = """
import harness_mark

def leaf(): pass

def two():
    leaf()
    leaf()

def three():
    two()
    leaf()
    two()

class Thing:
    def __init__(self, n):
        self.n = n
    def method(self):
        return leaf()
    @staticmethod
    def static():
        leaf()
    @property
    def double(self):
        leaf()
        return 2 * self.n
    def __lt__(self, other):
        return self.n < other.n

def objects():
    a, b = Thing(1), Thing(2)
    a.method()
    b.method()
    Thing.static()
    a.double
    a < b

def callbacks():
    sorted([3, 1, 2], key=lambda v: -v)
    list(map(leaf_of, [1, 2]))

def leaf_of(x):
    leaf()

def closures():
    def inner():
        leaf()
    inner()
    inner()

def squares(n):
    for i in range(n):
        leaf()
        yield i * i

def generators():
    for _ in squares(3):
        two()

def delegates():
    def outer():
        yield from squares(2)
    list(outer())

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def fibonacci():
    fib(7)

def even(n):
    return n == 0 or odd(n - 1)

def odd(n):
    return n != 0 and even(n - 1)

def mutual():
    even(9)

@micropython.native
def native_leaf():
    leaf()

@micropython.viper
def viper_leaf(n: int) -> int:
    leaf()
    return n

@micropython.asm_thumb
def assembler(r0):
    add(r0, 1)

@micropython.native
def native_squares(n):
    for i in range(n):
        yield i

def emitted():
    native_leaf()
    viper_leaf(1)
    assembler(1)
    list(native_squares(2))

# --- exceptions

def throws(n):
    if n:
        throws(n - 1)
    raise ValueError

def caught():
    try:
        throws(3)
    except ValueError:
        leaf()
    two()

def caught_often():
    for i in range(5):
        caught()
    leaf()

def caught_in_between():
    def middle():
        try:
            throws(1)
        except ValueError:
            leaf()
            raise KeyError
    try:
        middle()
    except KeyError:
        two()
    leaf()

def with_finally():
    def inner():
        try:
            throws(0)
        finally:
            leaf()
    try:
        inner()
    except ValueError:
        pass
    two()

def through_builtins():
    keys = []
    def key(v):
        leaf()
        keys.append(v)
        if len(keys) == 2:
            raise ValueError
        return v
    try:
        sorted([1, 2, 3], key=key)
    except ValueError:
        pass
    two()

@micropython.native
def native_throws():
    throws(0)

@micropython.viper
def viper_throws():
    throws(0)

def through_emitted():
    for f in (native_throws, viper_throws):
        try:
            f()
        except ValueError:
            pass
    two()

def through_generators():
    def gen():
        try:
            yield 1
            throws(0)
        finally:
            leaf()
    try:
        for _ in gen():
            leaf()
    except ValueError:
        pass
    g = gen()
    next(g)
    try:
        g.throw(KeyError)
    except KeyError:
        pass
    g = gen()
    next(g)
    g.close()
    two()

class Context:
    def __enter__(self):
        leaf()
    def __exit__(self, *error):
        leaf()
        return True

def context():
    with Context():
        throws(0)
    two()

def to_the_top():
    throws(2)

def regions():
    with harness_mark.region("inner"):
        three()
    two()
"""

LEAF: Tree = {"leaf": (1, {})}
TWO: Tree = {"leaf": (2, {})}
EXPECTED: dict[str, Tree] = {
    "leaf": {},
    "two": TWO,
    "three": {"two": (2, {"leaf": (4, {})}), "leaf": (1, {})},
    "objects": {"__init__": (2, {}), "method": (2, TWO), "static": (1, LEAF), "double": (1, LEAF), "__lt__": (1, {})},
    # MicroPython asks for a key at each comparison.
    "callbacks": {"<lambda>": (5, {}), "leaf_of": (2, TWO)},
    "closures": {"inner": (2, TWO)},
    # A generator is resumed once more than it yields.
    "generators": {"squares": (4, {"leaf": (3, {})}), "two": (3, {"leaf": (6, {})})},
    "delegates": {"outer": (3, {"squares": (3, TWO)})},
    "mutual": {"even": (1, {"odd": (1, {"even": (1, {"odd": (1, {"even": (1, {"odd": (1, {"even": (1, {"odd": (1, {
        "even": (1, {"odd": (1, {})})})})})})})})})})},
    "emitted": {
        "native_leaf": (1, LEAF),
        "viper_leaf": (1, LEAF),
        "assembler": (1, {}),
        "native_squares": (3, {"native_squares": (3, {})}),  # the generator is resumed, which runs its code
    },
    "caught": {"throws": (1, {"throws": (1, {"throws": (1, {"throws": (1, {})})})}), "leaf": (1, {}), "two": (1, TWO)},
    "caught_often": {
        "caught": (5, {
            "throws": (5, {"throws": (5, {"throws": (5, {"throws": (5, {})})})}),
            "leaf": (5, {}),
            "two": (5, {"leaf": (10, {})}),
        }),
        "leaf": (1, {}),
    },
    "caught_in_between": {
        "middle": (1, {"throws": (1, {"throws": (1, {})}), "leaf": (1, {})}), "two": (1, TWO), "leaf": (1, {})
    },
    "with_finally": {"inner": (1, {"throws": (1, {}), "leaf": (1, {})}), "two": (1, TWO)},
    "through_builtins": {"key": (2, TWO), "two": (1, TWO)},
    "through_emitted": {
        "native_throws": (1, {"throws": (1, {})}), "viper_throws": (1, {"throws": (1, {})}), "two": (1, TWO)
    },
    "through_generators": {"gen": (6, {"throws": (1, {}), "leaf": (3, {})}), "leaf": (1, {}), "two": (1, TWO)},
    "context": {"__enter__": (1, LEAF), "throws": (1, {}), "__exit__": (1, LEAF), "two": (1, TWO)},
    "regions": {
        "__init__": (1, {}),  # of the region inside, whose marks are part of this one
        "__enter__": (1, {"mark_start": (1, {})}),
        "three": (1, {"two": (2, {"leaf": (4, {})}), "leaf": (1, {})}),
        "__exit__": (1, {"mark_stop": (1, {})}),
        "two": (1, TWO),
    },
}  # fmt: skip


def programs(profile: Profile | None) -> Tree:
    """Return calls of the program's functions by each other, whatever of the firmware is between them."""
    assert profile is not None
    found: dict[str, Any] = {}
    path = [found]
    for node, entered in visits(profile.root):
        if not entered:
            path.pop()
        elif node.function.kind in KINDS:
            calls, below = path[-1].get(node.function.name, (0, {}))
            path[-1][node.function.name] = (calls + node.calls, below)
            path.append(below)
        else:
            path.append(path[-1])
    return found


def profile_of(count: Count) -> Profile:
    assert count.profile is not None
    assert count.profile.root.inclusive == count.instructions
    return count.profile


def profiled(board: Board, call: str, *arguments: Any) -> Count:
    with board.count(call) as count:
        board.call(call, *arguments)
    assert all(cost.exclusive >= 0 and cost.calls > 0 for cost in profile_of(count).functions())
    return count


@pytest.mark.parametrize("name", EXPECTED)
def test_who_calls_whom(counting, name):
    board = counting("functions")
    board.exec(PROGRAM)
    for _ in range(2):
        assert programs(profiled(board, name).profile) == {name: (1, EXPECTED[name])}


def test_the_count_is_that_of_the_mode_count(counting):
    found: dict[str, list[int]] = {}
    for mode in ("count", "functions"):
        board = counting(mode)
        board.exec(PROGRAM)
        found[mode] = []
        for name in EXPECTED:
            with board.count() as count:
                board.call(name)
            found[mode].append(count.instructions)
    assert found["count"] == found["functions"]


def test_all_in_one_request(counting):
    board = counting("functions")
    board.exec(PROGRAM)
    calls = "\n".join(f"{name}()" for name in EXPECTED)
    board.exec(f"def all():\n    {calls.replace(chr(10), chr(10) + '    ')}")
    expected = {name: (1, below) for name, below in EXPECTED.items()}
    assert programs(profiled(board, "all").profile) == {"all": (1, expected)}


def test_recursion(counting):
    board = counting("functions")
    board.exec(PROGRAM)
    profile = profile_of(profiled(board, "fibonacci"))
    costs = {cost.function.name: cost for cost in profile.functions()}
    assert costs["fib"].calls == 41  # of fib(7): 2 * fib(8) - 1
    assert costs["fib"].exclusive < costs["fib"].inclusive < costs["fibonacci"].inclusive < profile.total
    depths = []
    path = []
    for node, entered in visits(profile.root):
        if entered:
            path.append(node.function.name)
            depths.append(path.count("fib"))
        else:
            path.pop()
    assert max(depths) == 7


def test_an_exception_that_nobody_catches(counting):
    board = counting("functions")
    board.exec(PROGRAM)
    for _ in range(3):
        with pytest.raises(Exception, match="ValueError"), board.count() as count:
            board.call("to_the_top")
        below: Tree = {"throws": (1, {"throws": (1, {"throws": (1, {})})})}
        assert programs(profile_of(count)) == {"to_the_top": (1, below)}
        assert programs(profiled(board, "three").profile) == {"three": (1, EXPECTED["three"])}


def test_regions_inside(counting):
    board = counting("functions")
    board.exec(PROGRAM)
    count = profiled(board, "regions")
    inner = count["inner"]
    assert programs(inner.profile) == {"three": (1, EXPECTED["three"])}
    assert profile_of(inner).root.function.name == "inner"


def test_module_level(counting):
    board = counting("functions")
    with board.count("script") as count:
        board.exec("def f(): pass\nfor i in range(3): f()")
    assert programs(count.profile) == {"<module>": (1, {"f": (3, {})})}


def test_kinds_of_functions(counting):
    board = counting("functions")
    board.exec(PROGRAM)
    kinds = {cost.function.name: cost.function.kind for cost in profile_of(profiled(board, "emitted")).functions()}
    assert kinds["emitted"] == kinds["leaf"] == "python"
    assert kinds["native_leaf"] == kinds["viper_leaf"] == kinds["assembler"] == "native"
    assert kinds["mp_execute_bytecode"] == "firmware"
    assert "unknown" not in kinds.values()


@pytest.mark.parametrize("depth", [10, 100])
def test_deep_python(counting, depth):
    board = counting("functions")
    board.exec("def deep(n):\n    return n and deep(n - 1)\ndef both(n):\n    deep(n)\n    deep(0)")
    expected: Tree = {}
    for _ in range(depth + 1):
        expected = {"deep": (1, expected)}
    expected["deep"] = (2, expected["deep"][1])
    assert programs(profiled(board, "both", depth).profile) == {"both": (1, expected)}


NATIVE = """
#include "py/dynruntime.h"

#define OUT_OF_LINE __attribute__((noinline, noclone, used))

static OUT_OF_LINE unsigned leaf(unsigned n) {
    return n * 3 ^ n >> 2;
}

static OUT_OF_LINE unsigned deep(unsigned n) {
    unsigned below = n ? deep(n - 1) : 7;
    __asm volatile ("" : "+r" (below)); // no loop instead
    return below + 1;
}

// Both end with a jump instead of a call.
static OUT_OF_LINE unsigned tail(unsigned n) {
    return leaf(leaf(n) + 1);
}

static OUT_OF_LINE unsigned tail_of_tail(unsigned n) {
    return tail(leaf(n) + 1);
}

static mp_obj_t call_deep(mp_obj_t n) {
    unsigned value = deep(mp_obj_get_int(n));
    return mp_obj_new_int((value + leaf(1)) & 0xffff);
}
static MP_DEFINE_CONST_FUN_OBJ_1(call_deep_obj, call_deep);

static mp_obj_t call_tails(void) {
    unsigned value = tail(1) + tail(2);
    value += tail_of_tail(3);
    return mp_obj_new_int((value + leaf(4)) & 0xffff);
}
static MP_DEFINE_CONST_FUN_OBJ_0(call_tails_obj, call_tails);

static OUT_OF_LINE void throws(unsigned n) {
    if (n == 999) {
        return; // or the compiler sees that this never ends well
    }
    if (n == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("thrown"));
    }
    throws(n - 1);
    __asm volatile ("" : : "r" (n));
}

static mp_obj_t call_throws(mp_obj_t n) {
    throws(mp_obj_get_int(n));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(call_throws_obj, call_throws);

static mp_obj_t call_back(mp_obj_t function) {
    unsigned value = leaf(mp_obj_get_type(function) != NULL);
    mp_call_function_n_kw(function, 0, 0, NULL);
    return mp_obj_new_int(leaf(value) & 1);
}
static MP_DEFINE_CONST_FUN_OBJ_1(call_back_obj, call_back);

// A return and a call in IT blocks: most returns do not happen, nor every other call.
static __attribute__((naked)) OUT_OF_LINE unsigned often(unsigned n) {
    __asm volatile (
        "push {r4, lr}\\n"
        "mov r4, r0\\n"
        "1: cmp r4, #0\\n"
        "it eq\\n"
        "popeq {r4, pc}\\n"
        "lsls r1, r4, #31\\n"
        "itt ne\\n"
        "movne r0, r4\\n"
        "blne leaf\\n"
        "subs r4, #1\\n"
        "b 1b\\n"
    );
}

static mp_obj_t call_often(mp_obj_t n) {
    return mp_obj_new_int(often(mp_obj_get_int(n)) & 0xffff);
}
static MP_DEFINE_CONST_FUN_OBJ_1(call_often_obj, call_often);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_call_often, MP_OBJ_FROM_PTR(&call_often_obj));
    mp_store_global(MP_QSTR_call_deep, MP_OBJ_FROM_PTR(&call_deep_obj));
    mp_store_global(MP_QSTR_call_tails, MP_OBJ_FROM_PTR(&call_tails_obj));
    mp_store_global(MP_QSTR_call_throws, MP_OBJ_FROM_PTR(&call_throws_obj));
    mp_store_global(MP_QSTR_call_back, MP_OBJ_FROM_PTR(&call_back_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""


@pytest.fixture(scope="session")
def native_module(tmp_path_factory: pytest.TempPathFactory) -> NatmodBuild:
    return build_tiny(tmp_path_factory.mktemp("natmods"), "called", NATIVE)


@pytest.fixture
def with_module(counting, native_module) -> Board:
    board = counting("functions")
    module = board.import_native(native_module)
    board.call("lambda m: globals().update(m=m)", module)
    board.exec("""
        def leaf(): pass
        def two():
            leaf()
            leaf()
        def deep(n):
            m.call_deep(n)
            two()
        def often(n):
            m.call_often(n)
            two()
        def tails():
            m.call_tails()
            two()
        def throws(n):
            try:
                m.call_throws(n)
            except ValueError:
                two()
            two()
        def back():
            m.call_back(two)
            two()
        def back_throws():
            def raises():
                m.call_throws(2)
            try:
                m.call_back(raises)
            except ValueError:
                two()
            two()
    """)
    return board


def nested(name: str, times: int) -> Tree:
    tree: Tree = {}
    for _ in range(times):
        tree = {name: (1, tree)}
    return tree


@pytest.mark.parametrize("depth", [0, 1, 300])
def test_deep_native_recursion(with_module, depth):
    tree = programs(profiled(with_module, "deep", depth).profile)
    assert tree == {"deep": (1, {"call_deep": (1, nested("deep", depth + 1) | {"leaf": (1, {})}), "two": (1, TWO)})}


def test_recursion_as_deep_as_the_stack(with_module):
    profile = profiled(with_module, "deep", 2000).profile
    assert profile is not None
    nodes = [node for node, entered in visits(profile.root) if entered and node.function.kind == "natmod"]
    assert [node.calls for node in nodes if node.function.name == "deep"] == [1] * 2001
    _, below = programs(profile)["deep"]
    assert below["two"] == (1, TWO)
    assert below["call_deep"][1]["leaf"] == (1, {})


def test_tail_calls(with_module):
    tree = programs(profiled(with_module, "tails").profile)
    expected = {
        "tail": (2, {"leaf": (4, {})}),
        "tail_of_tail": (1, {"leaf": (1, {}), "tail": (1, {"leaf": (2, {})})}),
        "leaf": (1, {}),
    }
    assert tree == {"tails": (1, {"call_tails": (1, expected), "two": (1, TWO)})}


@pytest.mark.parametrize("n", [0, 1, 9])
def test_calls_and_returns_that_do_not_happen(with_module, n):
    tree = programs(profiled(with_module, "often", n).profile)
    leaves: Tree = {"leaf": ((n + 1) // 2, {})} if n else {}
    assert tree == {"often": (1, {"call_often": (1, {"often": (1, leaves)}), "two": (1, TWO)})}


def test_native_code_throws(with_module):
    tree = programs(profiled(with_module, "throws", 3).profile)
    expected = {"call_throws": (1, nested("throws", 4)), "two": (2, {"leaf": (4, {})})}
    assert tree == {"throws": (1, expected)}


def test_native_code_calls_back(with_module):
    tree = programs(profiled(with_module, "back").profile)
    assert tree == {"back": (1, {"call_back": (1, {"leaf": (2, {}), "two": (1, TWO)}), "two": (1, TWO)})}


def test_an_exception_through_native_code(with_module):
    for _ in range(3):
        tree = programs(profiled(with_module, "back_throws").profile)
        inner = {"raises": (1, {"call_throws": (1, nested("throws", 3))}), "leaf": (1, {})}
        assert tree == {"back_throws": (1, {"call_back": (1, inner), "two": (2, {"leaf": (4, {})})})}


def test_a_tree_does_not_depend_on_earlier_lives(counting):
    # Each reset left two frames on the stack that is followed, which has room for 1024.
    board = counting("functions")

    def trees() -> list[Tree]:
        board.exec(PROGRAM)
        return [programs(profiled(board, name).profile) for name in ("caught", "objects", "emitted")]

    first = trees()
    for _ in range(520):
        board.soft_reset()
    assert trees() == first
