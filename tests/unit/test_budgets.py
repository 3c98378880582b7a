"""Budgets: what the marker may say, what is compared, what is said when one is exceeded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mpy_harness.board.allocations import Allocations
from mpy_harness.counting.count import Count
from mpy_harness.counting.profile import Function, Node, Profile
from mpy_harness.errors import BudgetExceeded, BudgetInvalid, GuestFailure
from mpy_harness.plugin import budgets
from mpy_harness.plugin.budgets import Budgets, Limit, limits_of
from mpy_harness.plugin.costs import Costs
from mpy_harness.targets import load_target

MPY = b"M\x06\x00\x1f" + b"\0\0\x10ab"  # an empty module


@pytest.fixture
def item(pytester: pytest.Pytester) -> Callable[..., pytest.Item]:
    """A test with the decorators given, as pytest collects it; nothing of it runs."""

    def make(*decorators: str) -> pytest.Item:
        return pytester.getitem("\n".join(["import pytest", *decorators, "def test_func(): pass"]))

    return make


def board(*counts: Count, allocated: tuple[Allocations, ...] = (), natmods: tuple[Path, ...] = ()) -> Any:
    """What of a board is asked for."""
    return SimpleNamespace(
        counts=list(counts),
        allocated=list(allocated),
        natmods={path.stem: path for path in natmods},
        target=load_target("m33"),
        can_count=True,
    )


def check(limit: Limit, there: Any, count: Count | None = None, taken: Allocations | None = None) -> None:
    budgets.check(Budgets([limit], Costs(there, count, taken)).figures())


# --- what a marker says -------------------------------------------------------------------------


def test_no_marker_no_budget(item):
    assert limits_of(item()) == []
    assert Budgets.of(item(), board()) is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("instructions=1000", [Limit("instructions", 1000)]),
        ("instructions=0, region='a'", [Limit("instructions", 0, "a")]),
        ("alloc=0, heap='2 KiB'", [Limit("alloc", 0), Limit("heap", 2048)]),
        ("flash='16 KiB', ram='4kB', stack=512", [Limit("flash", 16384), Limit("ram", 4000), Limit("stack", 512)]),
        ("ram='1.5 KiB'", [Limit("ram", 1536)]),
        ("time_us=12.5", [Limit("time_us", 12.5)]),
        ("leak=0", [Limit("leak", 0)]),
        ("heap=10, region='a'", [Limit("heap", 10, "a")]),
    ],
)
def test_what_a_marker_limits(item, arguments, expected):
    assert limits_of(item(f"@pytest.mark.budget({arguments})")) == expected


def test_of_several_for_one_thing_the_closest(item):
    markers = [
        "pytestmark = [pytest.mark.budget(instructions=1, alloc=9), pytest.mark.budget(instructions=2, region='a')]",
        "@pytest.mark.budget(instructions=3, region='b')",
        "@pytest.mark.budget(instructions=4)",
    ]
    assert limits_of(item(*markers)) == [
        Limit("instructions", 4),
        Limit("instructions", 3, "b"),
        Limit("alloc", 9),
        Limit("instructions", 2, "a"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        "20",
        "instructions=-1",
        "instructions=2.5",
        "instructions=True",
        "instructions='20'",
        "region='a'",
        "instructions=20, region=7",
        "instructions=20, cycles=7",
        "alloc='none'",
        "heap='lots'",
        "heap='-1 KiB'",
        "heap=1.5",
        "flash=None",
        "ram=True",
        "time_us='5 ms'",
        "time_us=float('nan')",
        "time_us=float('inf')",
    ],
)
def test_budgets_that_make_no_sense(item, given):
    said = re.escape(given.replace("float('nan')", "nan").replace("float('inf')", "inf"))
    with pytest.raises(
        BudgetInvalid, match=rf"pytest\.mark\.budget takes instructions=NUMBER .*, not {said}\."
    ) as caught:
        limits_of(item(f"@pytest.mark.budget({given})"))
    assert isinstance(caught.value, GuestFailure)  # the test's author is to do something about it


def test_a_budget_of_nothing(item):
    with pytest.raises(BudgetInvalid, match="not nothing"):
        limits_of(item("@pytest.mark.budget()"))


def test_a_region_has_no_flash(item):
    with pytest.raises(
        BudgetInvalid, match="flash= is about native modules, region= about what is run: give them apart"
    ):
        limits_of(item("@pytest.mark.budget(flash=100, heap=10, region='a')"))


def test_a_budget_wants_a_board(item):
    with pytest.raises(BudgetInvalid, match="wants a test that uses the fixture board"):
        Budgets.of(item("@pytest.mark.budget(instructions=20)"), None)


# --- instructions -------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [0, 999, 1000])
def test_a_budget_that_is_kept(taken):
    check(Limit("instructions", 1000), board(), Count("", taken))


@pytest.mark.parametrize(
    ("taken", "allowed", "message"),
    [
        (1_001, 1_000, r"the test took 1,001 instructions, 1,000 are allowed \(1 more, 0.1%\)"),
        (2_500, 1_000, r"the test took 2,500 instructions, 1,000 are allowed \(1,500 more, 150.0%\)"),
        (10_999, 1_000, r"the test took 10,999 instructions, 1,000 are allowed \(9,999 more, 999.9%\)"),
        (11_000, 1_000, r"the test took 11,000 instructions, 1,000 are allowed \(10,000 more, 11 times as many\)"),
        (1, 0, r"the test took 1 instructions, 0 are allowed \(1 more\)"),
    ],
)
def test_a_budget_that_is_exceeded(taken, allowed, message):
    with pytest.raises(BudgetExceeded, match=message + r"\. --counting functions shows which functions took them") as c:
        check(Limit("instructions", allowed), board(), Count("", taken))
    assert isinstance(c.value, AssertionError)  # pytest shows it as one


def test_only_what_the_emulator_has_is_advised():
    there = board()
    there.target = load_target("esp32")
    with pytest.raises(BudgetExceeded, match=r"the test took 11 instructions, 10 are allowed \(1 more, 10.0%\)\.?$"):
        check(Limit("instructions", 10), there, Count("", 11))


def test_an_exceeded_budget_names_the_functions_that_took_it():
    leaves = [Node(Function(f"f{number}", "iir", "natmod"), 1, 100 * number) for number in range(1, 9)]
    profile = Profile("", "m33", Node(Function("(unnamed)", "", "region"), 1, 0, leaves))
    with pytest.raises(BudgetExceeded) as caught:
        check(Limit("instructions", 1000), board(), Count("", profile.root.inclusive, profile=profile))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("the test took 3,600 instructions, 1,000 are allowed (2,600 more")
    assert [line.split()[0] for line in lines[2:7]] == ["f8", "f7", "f6", "f5", "f4"]
    assert "--counting functions" not in str(caught.value)


def test_a_regions_budget_is_for_all_regions_of_that_name():
    inner = Count("block", 30)
    there = board(Count("block", 10), Count("", 500, regions=[inner, Count("other", 400)]), Count("block", 2))
    check(Limit("instructions", 42, "block"), there)
    with pytest.raises(BudgetExceeded, match=r"region 'block' took 42 instructions, 41 are allowed \(1 more, 2.4%\)"):
        check(Limit("instructions", 41, "block"), there)


def test_a_budget_for_a_region_that_never_was():
    there = board(Count("b", 1), Count("", 1, regions=[Count("a", 1), Count("b", 2)]))
    with pytest.raises(BudgetInvalid, match="is for the region 'block'; the test counted 'a', 'b'"):
        check(Limit("instructions", 10, "block"), there)
    with pytest.raises(BudgetInvalid, match="is for the region 'block'; the test counted none"):
        check(Limit("instructions", 10, "block"), board(Count("", 5)))
    with pytest.raises(BudgetInvalid, match=r"'block'; the test watched with board\.allocations\(\) 'there'"):
        check(Limit("alloc", 10, "block"), board(allocated=(Allocations("there"), Allocations(""))))


def test_a_region_that_took_nothing_was_counted_all_the_same():
    check(Limit("instructions", 0, "block"), board(Count("block", 0)))


# --- time ---------------------------------------------------------------------------------------


def test_time_is_an_estimate_of_the_cycle_model():
    words = {"load_words": 0, "store_words": 0, "load_used": 0, "load_row": 0}
    count = Count("", 40_000, classes={"integer": 40_000}, words=words)
    check(Limit("time_us", 2000), board(), count)  # one cycle each at 20 MHz
    said = r"the test took an estimated 2,000\.0 µs \(±10 %\), 1,500 µs are allowed \(500\.0 µs more, 33\.3%\)"
    with pytest.raises(BudgetExceeded, match=said):
        check(Limit("time_us", 1500), board(), count)
    with pytest.raises(BudgetInvalid, match="wants classes of instructions: run with --counting classes"):
        check(Limit("time_us", 1500), board(), Count("", 40_000))
    there = board()
    there.target = there.target.model_copy(update={"cycles": None})
    with pytest.raises(BudgetInvalid, match="wants a cycle model, which target m33 has none of"):
        check(Limit("time_us", 1500), there, count)


# --- heap and stack -----------------------------------------------------------------------------

TAKEN = Allocations("", count=4, bytes=448, peak=448, stack=2048)


@pytest.mark.parametrize(
    ("metric", "allowed", "message"),
    [
        ("alloc", 3, r"the test made 4 allocations \(448 B\), 3 are allowed \(1 more, 33\.3%\)\. --counting functions"),
        ("alloc", 0, r"the test made 4 allocations \(448 B\), 0 are allowed \(4 more\)"),
        ("heap", 400, r"the test took 448 B of the heap at most, 400 B are allowed \(48 B more, 12\.0%\)"),
        ("stack", 1024, r"the test took 2,048 B of the stack, 1,024 B are allowed \(1,024 B more, 100\.0%\)\.$"),
    ],
)
def test_heap_and_stack_that_are_exceeded(metric, allowed, message):
    with pytest.raises(BudgetExceeded, match=message):
        check(Limit(metric, allowed), board(), taken=TAKEN)
    check(Limit(metric, {"alloc": 4, "heap": 448, "stack": 2048}[metric]), board(), taken=TAKEN)


def test_regions_of_allocations_add_up():
    there = board(
        allocated=(Allocations("a", 1, 16, 16, stack=100), Allocations("b"), Allocations("a", 2, 32, 8, stack=90))
    )
    check(Limit("alloc", 3, "a"), there)
    check(Limit("stack", 100, "a"), there)
    check(Limit("alloc", 0, "b"), there)
    with pytest.raises(BudgetExceeded, match=r"region 'a' made 3 allocations \(48 B\), 2 are allowed"):
        check(Limit("alloc", 2, "a"), there)


def test_who_allocated_is_told_where_functions_were_counted():
    def node(name: str, kind: str, calls: int, *children: Node) -> Node:
        return Node(Function(name, "", kind), calls, 10, list(children))

    wrapped = node("__wrap_gc_alloc", "firmware", 7, node("gc_alloc", "firmware", 7))
    program = node(
        "window", "python", 1, node("mp_obj_new_list", "firmware", 7, node("m_malloc", "firmware", 7, wrapped))
    )
    call = node("mp_call_prepare_args_n_kw_var", "firmware", 1, node("__wrap_gc_alloc", "firmware", 1))
    profile = Profile("", "m33", node("(unnamed)", "region", 1, call, program))
    with pytest.raises(BudgetExceeded) as caught:
        check(Limit("alloc", 2), board(), Count("", 100, profile=profile), Allocations("", 7, 112))
    lines = [line.split() for line in str(caught.value).splitlines()[1:]]
    assert lines == [["calls", "allocated", "by", "for"], ["7", "mp_obj_new_list", "window"]]


# --- native modules -----------------------------------------------------------------------------


def test_native_modules_that_are_too_large(tmp_path):
    file = tmp_path / "small.mpy"
    file.write_bytes(MPY)
    check(Limit("flash", len(MPY)), board(natmods=(file,)))
    check(Limit("ram", 0), board(natmods=(file,)))
    said = r"the test's native module \(small\) takes 9 B of flash, 4 B are allowed \(5 B more, 125\.0%\)"
    with pytest.raises(BudgetExceeded, match=said) as caught:
        check(Limit("flash", 4), board(natmods=(file,)))
    assert str(caught.value).splitlines()[2].split() == ["7", "header", "(file)", "small"]
    with pytest.raises(BudgetInvalid, match="the budget is for the flash of native modules; the test loaded none"):
        check(Limit("flash", 4), board())


def test_all_that_is_exceeded_is_said():
    limits = [Limit("alloc", 0), Limit("instructions", 10), Limit("stack", 9999)]
    with pytest.raises(BudgetExceeded) as caught:
        budgets.check(Budgets(limits, Costs(board(), Count("", 11), TAKEN)).figures())
    assert [line.split(",")[0] for line in str(caught.value).splitlines()] == [
        "the test made 4 allocations (448 B)",
        "the test took 11 instructions",
    ]
