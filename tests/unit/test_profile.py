"""The call tree of a region: costs, recursion, merging, pruning, saving."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest

from mpy_harness.counting.profile import SUMMED, Function, Profile
from mpy_harness.errors import ProfileInvalid
from tests.unit.profile_trees import chain, function, node, paths, random_profile, region

SEEDS = range(12)


def costs(profile: Profile) -> dict:
    return {cost.function: (cost.calls, cost.exclusive, cost.inclusive) for cost in profile.functions()}


@pytest.mark.parametrize("seed", SEEDS)
def test_functions_are_what_their_contexts_add_up_to(seed):
    profile = random_profile(seed)
    calls: Counter[Function] = Counter()
    exclusive: Counter[Function] = Counter()
    inclusive: Counter[Function] = Counter()
    for above, one in paths(profile):
        calls[one.function] += one.calls
        exclusive[one.function] += one.exclusive
        for each in {each.function for each in [*above, one]}:  # an instruction counts once for each function it is in
            inclusive[each] += one.exclusive
    assert costs(profile) == {each: (calls[each], exclusive[each], inclusive[each]) for each in calls}
    assert sum(exclusive.values()) == profile.total == profile.root.inclusive
    assert costs(profile)[profile.root.function][2] == profile.total
    listed = [cost.exclusive for cost in profile.functions()]
    assert listed == sorted(listed, reverse=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_leads_to_a_function_adds_up_to_its_inclusive_cost(seed):
    profile = random_profile(seed)
    calls: Counter[tuple[Function, Function]] = Counter()
    leading: Counter[Function] = Counter()
    for above, one in paths(profile):
        if above:
            calls[above[-1].function, one.function] += one.calls
    arcs = profile.arcs()
    assert {(arc.caller, arc.callee): arc.calls for arc in arcs} == calls
    for arc in arcs:
        leading[arc.callee] += arc.inclusive
    for cost in profile.functions():
        if cost.function != profile.root.function:
            assert leading[cost.function] == cost.inclusive


def test_recursion_is_not_counted_twice():
    profile = region(node("f", 10, node("f", 5, node("g", 3)), calls=2), exclusive=1)
    assert profile.total == 19
    assert costs(profile)[function("f")] == (3, 15, 18)
    f, g, root = function("f"), function("g"), profile.root.function
    arcs = {(arc.caller, arc.callee): (arc.calls, arc.inclusive) for arc in profile.arcs()}
    assert arcs == {(root, f): (2, 18), (f, f): (1, 0), (f, g): (1, 3)}


def test_functions_that_call_each_other():
    profile = region(node("f", 1, node("g", 2, node("f", 4, node("g", 8)))))
    f, g, root = function("f"), function("g"), profile.root.function
    assert {(arc.caller, arc.callee): arc.inclusive for arc in profile.arcs()} == {
        (root, f): 15,
        (f, g): 14,
        (g, f): 0,
    }
    assert costs(profile)[f] == (2, 5, 15)
    assert costs(profile)[g] == (2, 10, 14)


@pytest.mark.parametrize("seed", SEEDS)
def test_merged(seed):
    profile = random_profile(seed, deep=0.3)
    before = profile.to_json()
    merged = profile.merged()
    assert profile.to_json() == before
    assert costs(merged) == costs(profile)
    assert len(paths(merged)) < len(paths(profile))
    for _, one in paths(merged):
        below = [child.function for child in one.children]
        assert len(set(below)) == len(below)
        sizes = [child.inclusive for child in one.children]
        assert sizes == sorted(sizes, reverse=True)
    assert merged.merged().to_json() == merged.to_json()


def test_merging_follows_the_context():
    profile = region(node("a", 1, node("b", 2)), node("c", 4, node("b", 8)), node("a", 16, node("b", 32), calls=3))
    a, c = profile.merged().root.children
    assert (a.function.name, a.calls, a.exclusive, a.inclusive) == ("a", 4, 17, 51)
    assert [(child.calls, child.exclusive) for child in a.children] == [(2, 34)]
    assert c.inclusive == 12


@pytest.mark.parametrize("seed", SEEDS)
def test_pruned_still_adds_up(seed):
    profile = random_profile(seed)
    pruned = profile.pruned(0.05)
    assert pruned.total == profile.total
    nodes = [one for _, one in paths(pruned)]
    assert all(one.inclusive >= 0.05 * profile.total for one in nodes if one.function.kind != SUMMED)
    assert all(not one.children for one in nodes if one.function.kind == SUMMED)
    assert 1 < len(nodes) < len(paths(profile))
    assert profile.pruned(0).to_json() == profile.to_json()


def test_what_was_pruned_is_summed_up():
    profile = region(node("small", 1, node("in it", 1), calls=2), node("large", 96), node("small", 2, calls=3))
    large, rest = profile.pruned(0.5).root.children
    assert large.function.name == "large"
    assert (rest.function.name, rest.function.kind, rest.calls, rest.exclusive) == ("(2 smaller)", SUMMED, 5, 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_saved_and_read_again(seed):
    profile = random_profile(seed)
    again = Profile.from_json(profile.to_json())
    assert (again.name, again.target) == (profile.name, profile.target)
    # Depth first, children in their order: the two trees are the same where these are.
    assert [(len(above), one.function, one.calls, one.exclusive) for above, one in paths(again)] == [
        (len(above), one.function, one.calls, one.exclusive) for above, one in paths(profile)
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "mpy-harness profile 2"}, "format"),
        ({"nodes": []}, "nodes"),
        ({"nodes": [[0, 0, 1, 1]]}, "nodes.0"),
        ({"nodes": [[-1, 0, 1, 1], [-1, 0, 1, 1]]}, "nodes.1"),
        ({"nodes": [[-1, 0, 1, 1], [1, 0, 1, 1]]}, "nodes.1"),
        ({"nodes": [[-1, 9, 1, 1]]}, "nodes.0"),
        ({"nodes": [[-1, -1, 1, 1]]}, "nodes.0"),
        ({"nodes": [[-1, 0, 1, -1]]}, "nodes.0.3"),
        ({"nodes": [[-1, 0, 1, 1.5]]}, "nodes.0.3"),
        ({"functions": [["a", "b"]]}, "functions.0"),
        ({"more": 1}, "more"),
    ],
)
def test_a_damaged_file_says_where(change, told):
    good = {"format": "mpy-harness profile 1", "name": "n", "target": "t", "functions": [["a", "b", "c"]],
            "nodes": [[-1, 0, 1, 1]]}  # fmt: skip
    assert Profile.from_json(json.dumps(good)).total == 1
    with pytest.raises(ProfileInvalid, match=rf"{told}.*Record the region again"):
        Profile.from_json(json.dumps(good | change))


@pytest.mark.parametrize("text", ["", "[]", b"\xff", "null", "{"])
def test_a_file_that_is_no_profile(text):
    with pytest.raises(ProfileInvalid, match="not a profile"):
        Profile.from_json(text)


def test_deeper_than_python_recurses():
    profile = chain(6000)
    assert profile.total == 10 + 50 + 6000 * 4
    assert costs(profile)[function("level0")][2] == profile.total - 10  # the outermost one: 5999 is 7 * 857
    assert costs(profile)[function("level1")][2] == profile.total - 10 - 6 * 4
    assert len(profile.arcs()) == 1 + 7 + 1 + 7
    again = Profile.from_json(profile.merged().pruned(0).to_json())
    assert costs(again) == costs(profile)


def test_large_trees_take_seconds():
    profile = random_profile(1, nodes=100_000, functions=2000, deep=0.7)
    began = time.process_time()
    profile.functions()
    profile.arcs()
    Profile.from_json(profile.merged().pruned(0.001).to_json())
    assert time.process_time() - began < 30  # a few seconds; the square of the size would be hours
