"""Call trees for the tests of profiles and their reports."""

from __future__ import annotations

import random

from mpy_harness.counting.profile import KINDS, Function, Node, Profile

REGION = Function("case/region", "", "unknown")
HOSTILE = [
    "<script>alert(1)</script>",
    "a\x00b\x1b[31mred\r\nline",
    "\u202egnp.exe",
    "\u2066isolated\u2069",
    "]]>&amp;\"'",
    "(12)",
    "calls=1 0",
    "x" * 5000,
    "",
    "  ",
    "名前の長い関数" * 20,
    "\ud800",
    "\ufffe",
]


def function(name: str, module: str = "firmware", kind: str = "firmware") -> Function:
    return Function(name, module, kind)


def node(name: str, exclusive: int, *children: Node, calls: int = 1) -> Node:
    return Node(function(name), calls, exclusive, list(children))


def region(*children: Node, exclusive: int = 0) -> Profile:
    return Profile("case/region", "m33", Node(REGION, 1, exclusive, list(children)))


def random_profile(seed: int, nodes: int = 300, functions: int = 12, deep: float = 0.5) -> Profile:
    """Make a tree with much recursion, same functions below one node, and contexts without instructions."""
    noise = random.Random(seed)
    known = [function(f"f{number}", f"m{number % 4}", KINDS[number % len(KINDS)]) for number in range(functions)]
    profile = region(exclusive=noise.randrange(50))
    made = [profile.root]
    for _ in range(nodes):
        parent = made[-1] if noise.random() < deep else noise.choice(made)
        parent.children.append(Node(noise.choice(known), noise.randrange(1, 5), noise.choice([0, 1, 7, 100, 5000])))
        made.append(parent.children[-1])
    return profile


def chain(levels: int, functions: int = 7) -> Profile:
    """Make one call inside another, each with a small call beside the next."""
    inner = node("innermost", 50)
    for level in range(levels):
        inner = node(f"level{level % functions}", 3, inner, node("beside", 1))
    return region(inner, exclusive=10)


def hostile() -> Profile:
    return region(*(Node(Function(name, name, name), 1, 1000) for name in HOSTILE))


def paths(profile: Profile) -> list[tuple[list[Node], Node]]:
    """Return each node behind the nodes above it."""
    found = []
    waiting: list[tuple[list[Node], Node]] = [([], profile.root)]
    while waiting:
        above, one = waiting.pop()
        found.append((above, one))
        waiting.extend(([*above, one], child) for child in one.children)
    return found
