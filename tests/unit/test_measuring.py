"""Markers that have to do with counting: what they say, and what they hold a test to."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mpy_harness.counting.count import Count
from mpy_harness.counting.profile import Function, Node, Profile
from mpy_harness.errors import BudgetExceeded, BudgetInvalid, GuestFailure
from mpy_harness.measuring import Budget, Since, counting_of, regions_of


@pytest.fixture
def item(pytester: pytest.Pytester) -> Callable[..., pytest.Item]:
    """A test with the decorators given, as pytest collects it; nothing of it runs."""

    def make(*decorators: str) -> pytest.Item:
        return pytester.getitem("\n".join(["import pytest", *decorators, "def test_func(): pass"]))

    return make


def board(*counts: Count) -> Any:
    """What of a board is asked for: the regions it counted."""
    return SimpleNamespace(counts=list(counts))


# --- counting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("count", "count"), ("classes", "classes"), ("functions", "functions"), ("memory", "memory"), ("off", None)],
)
def test_a_marker_says_how_to_count(item, mode, expected):
    assert counting_of(item(f"@pytest.mark.counting({mode!r})"), "instructions") == expected


def test_without_a_marker_the_sessions_way_counts(item):
    plain = item()
    assert counting_of(plain, "classes") == "classes"
    assert counting_of(plain, None) is None


def test_the_closest_marker_counts(item):
    marked = item("pytestmark = pytest.mark.counting('classes')", "@pytest.mark.counting('off')")
    assert counting_of(marked, "count") is None


@pytest.mark.parametrize("arguments", ["", "'all'", "None", "'count', 'classes'", "mode='count'", "'count', more=1"])
def test_a_marker_that_says_nothing_sensible(item, arguments):
    with pytest.raises(BudgetInvalid, match="takes one of 'count', 'classes', 'functions', 'memory', 'off'"):
        counting_of(item(f"@pytest.mark.counting({arguments})"), "count")


# --- budgets ------------------------------------------------------------------------------------


def test_no_marker_no_budget(item):
    assert Budget.all_of(item(), board()) == []


@pytest.mark.parametrize(
    ("arguments", "expected"), [("instructions=1000", (1000, None)), ("instructions=0, region='a'", (0, "a"))]
)
def test_budgets_of_a_test_and_of_a_region(item, arguments, expected):
    there = board()
    assert Budget.all_of(item(f"@pytest.mark.budget({arguments})"), there) == [Budget(there, *expected)]


def test_a_budget_for_each_region_and_of_several_for_one_the_closest(item):
    markers = [
        "pytestmark = [pytest.mark.budget(instructions=1), pytest.mark.budget(instructions=2, region='a')]",
        "@pytest.mark.budget(instructions=3, region='b')",
        "@pytest.mark.budget(instructions=4)",
    ]
    there = board()
    assert Budget.all_of(item(*markers), there) == [
        Budget(there, 4, None),
        Budget(there, 3, "b"),
        Budget(there, 2, "a"),
    ]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("", "not nothing"),
        ("20", "not 20"),
        ("instructions=-1", "not instructions=-1"),
        ("instructions=2.5", r"not instructions=2\.5"),
        ("instructions=True", "not instructions=True"),
        ("instructions='20'", "not instructions='20'"),
        ("region='a'", "not region='a'"),
        ("instructions=20, region=7", "not instructions=20, region=7"),
        ("instructions=20, cycles=7", "not instructions=20, cycles=7"),
    ],
)
def test_budgets_that_make_no_sense(item, arguments, given):
    with pytest.raises(BudgetInvalid, match=f'takes instructions=NUMBER and region="NAME", {given}') as caught:
        Budget.all_of(item(f"@pytest.mark.budget({arguments})"), board())
    assert isinstance(caught.value, GuestFailure)  # the test's author is to do something about it


def test_a_budget_wants_a_board(item):
    with pytest.raises(BudgetInvalid, match="wants a test that uses the fixture board"):
        Budget.all_of(item("@pytest.mark.budget(instructions=20)"), None)


@pytest.mark.parametrize("taken", [0, 999, 1000])
def test_a_budget_that_is_kept(taken):
    Budget(board(), 1000, None).check(Count("", taken))


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
        Budget(board(), allowed, None).check(Count("", taken))
    assert isinstance(c.value, AssertionError)  # pytest shows it as one


def test_an_exceeded_budget_names_the_functions_that_took_it():
    leaves = [Node(Function(f"f{number}", "iir", "natmod"), 1, 100 * number) for number in range(1, 9)]
    profile = Profile("", "m33", Node(Function("(unnamed)", "", "region"), 1, 0, leaves))
    with pytest.raises(BudgetExceeded) as caught:
        Budget(board(), 1000, None).check(Count("", profile.root.inclusive, profile=profile))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("the test took 3,600 instructions, 1,000 are allowed (2,600 more")
    assert [line.split()[0] for line in lines[2:7]] == ["f8", "f7", "f6", "f5", "f4"]
    assert "--counting functions" not in str(caught.value)


def test_a_regions_budget_is_for_all_regions_of_that_name():
    inner = Count("block", 30)
    there = board(Count("block", 10), Count("", 500, regions=[inner, Count("other", 400)]), Count("block", 2))
    Budget(there, 42, "block").check(Count("", 10_000))
    with pytest.raises(BudgetExceeded, match=r"region 'block' took 42 instructions, 41 are allowed \(1 more, 2.4%\)"):
        Budget(there, 41, "block").check(Count(""))


def test_a_budget_for_a_region_that_never_was():
    there = board(Count("b", 1), Count("", 1, regions=[Count("a", 1), Count("b", 2)]))
    with pytest.raises(BudgetInvalid, match="is for the region 'block'; the test counted 'a', 'b'"):
        Budget(there, 10, "block").check(Count(""))
    with pytest.raises(BudgetInvalid, match="is for the region 'block'; the test counted none"):
        Budget(board(Count("", 5)), 10, "block").check(Count(""))


def test_a_region_that_took_nothing_was_counted_all_the_same():
    Budget(board(Count("block", 0)), 0, "block").check(Count(""))


def test_regions_and_those_inside_them():
    deepest = Count("c")
    a = Count("a", regions=[Count("b", regions=[deepest])])
    assert [count.name for count in regions_of([a, Count("d")])] == ["a", "b", "c", "d"]


# --- instructions of a case ---------------------------------------------------------------------


def test_a_check_has_the_instructions_since_the_one_before():
    there = board()
    since = Since(lambda: there)
    assert since() is None
    there.counts += [Count("", 5), Count("named", 10, regions=[Count("", 3)])]
    assert since() == 15  # what is inside of a region is part of it
    assert since() == 15  # another reference for the same result
    there.counts.append(Count("", 1))
    assert since() == 1
    there.counts.append(Count("", 0))
    assert since() == 0


def test_a_check_without_a_board_has_no_instructions():
    assert Since(lambda: None)() is None
