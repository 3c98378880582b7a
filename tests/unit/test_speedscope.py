"""The speedscope file: what its schema asks for, and the same instructions for the same stacks."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from mpy_harness.counting.profile import Profile
from mpy_harness.reports.speedscope import SCHEMA, speedscope
from tests.unit.profile_trees import HOSTILE, chain, hostile, node, paths, random_profile, region


def checked(profile: Profile) -> dict:
    """Return the file's content, having checked what file-format-schema.json demands of it."""
    file = json.loads(speedscope(profile))
    assert file["$schema"] == SCHEMA
    assert set(file) <= {"$schema", "shared", "profiles", "name", "activeProfileIndex", "exporter"}
    for frame in file["shared"]["frames"]:
        assert set(frame) <= {"name", "file", "line", "col"}
        assert all(isinstance(value, str) for value in frame.values())
    (one,) = file["profiles"]
    assert set(one) == {"type", "name", "unit", "startValue", "endValue", "events"}
    assert (one["type"], one["unit"], one["startValue"]) == ("evented", "none", 0)
    for event in one["events"]:
        assert set(event) == {"type", "frame", "at"}
        assert 0 <= event["frame"] < len(file["shared"]["frames"])
    return file


def stacks(file: dict) -> Counter:
    """Replay the events as speedscope does: frames close in the reverse order, places never go back."""
    (one,) = file["profiles"]
    frames = [(frame["name"], frame.get("file", "")) for frame in file["shared"]["frames"]]
    found: Counter = Counter()
    stack: list[tuple[str, str]] = []
    last = 0
    for event in one["events"]:
        assert event["at"] >= last
        found[tuple(stack)] += event["at"] - last
        last = event["at"]
        if event["type"] == "O":
            stack.append(frames[event["frame"]])
        else:
            assert stack.pop() == frames[event["frame"]]
    assert not stack
    assert last == one["endValue"]
    return +found


@pytest.mark.parametrize("seed", range(8))
def test_each_stack_has_its_instructions(seed):
    profile = random_profile(seed)
    expected: Counter = Counter()
    for above, one in paths(profile):
        stack = tuple((each.function.name, each.function.module) for each in [*above, one])
        expected[stack] += one.exclusive
    file = checked(profile)
    assert stacks(file) == +expected
    assert file["profiles"][0]["endValue"] == profile.total


def test_names():
    file = checked(hostile())
    names = [frame["name"] for frame in file["shared"]["frames"]]
    assert "\\u202egnp.exe" in names
    assert all(name.isprintable() for name in names)
    assert len(stacks(file)) == len(HOSTILE)
    assert file["name"] == "case/region (m33)"
    assert file["shared"]["frames"][0] == {"name": "case/region"}


def test_deep_trees_and_empty_ones():
    assert sum(stacks(checked(chain(2000))).values()) == chain(2000).total
    assert len(speedscope(chain(50_000))) < 10_000_000
    assert checked(region(node("f", 0)))["profiles"][0]["events"] == []
