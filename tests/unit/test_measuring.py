"""Markers that have to do with counting: what they say, and what they hold a test to."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mpy_harness.counting.count import Count
from mpy_harness.errors import BudgetInvalid
from mpy_harness.plugin.markers import CountsSinceLastCheck, counting_of


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


@pytest.mark.parametrize(
    ("decorators", "default", "expected"),
    [
        (["@pytest.mark.budget(time_us=100)"], "count", "classes"),
        (["@pytest.mark.budget(time_us=100)"], "functions", "classes"),
        (["@pytest.mark.budget(time_us=100)", "@pytest.mark.counting('functions')"], "count", "functions"),
        (["@pytest.mark.budget(time_us=100)"], None, None),
        (["@pytest.mark.budget(time_us=100)", "@pytest.mark.counting('count')"], "classes", "count"),
        (["@pytest.mark.budget(instructions=100)"], "count", "count"),
    ],
)
def test_a_budget_of_time_wants_classes(item, decorators, default, expected):
    assert counting_of(item(*decorators), default) == expected


@pytest.mark.parametrize("arguments", ["", "'all'", "None", "'count', 'classes'", "mode='count'", "'count', more=1"])
def test_a_marker_that_says_nothing_sensible(item, arguments):
    with pytest.raises(BudgetInvalid, match="takes one of 'count', 'classes', 'functions', 'memory', 'off'"):
        counting_of(item(f"@pytest.mark.counting({arguments})"), "count")


# --- instructions of a case ---------------------------------------------------------------------


def test_a_check_has_the_instructions_since_the_one_before():
    there = board()
    since = CountsSinceLastCheck(lambda: there)
    assert since() is None
    there.counts += [Count("", 5), Count("named", 10, regions=[Count("", 3)])]
    assert since() == 15  # what is inside of a region is part of it
    assert since() == 15  # another reference for the same result
    there.counts.append(Count("", 1))
    assert since() == 1
    there.counts.append(Count("", 0))
    assert since() == 0


def test_a_check_without_a_board_has_no_instructions():
    assert CountsSinceLastCheck(lambda: None)() is None
