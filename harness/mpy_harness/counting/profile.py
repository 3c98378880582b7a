"""The call tree of a counted region and what is asked of it. Trees may be deep and large: nothing here recurses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpy_harness.errors import ProfileInvalid

#: Kinds of functions: C code of the firmware, of a native module, bytecode, code emitted by
#: ``@micropython.native`` and its relatives, and code that nothing is known of.
KINDS = ("firmware", "natmod", "python", "native", "unknown")
#: Kind of the stand-in for calls that ``Profile.pruned`` summed up.
SUMMED = "summed"


@dataclass(frozen=True)
class Function:
    """A function by its name, the module it is in and its kind."""

    name: str
    module: str
    kind: str


@dataclass(eq=False)
class Node:
    """A function in one context; ``exclusive`` counts the instructions of that context alone."""

    function: Function
    calls: int
    exclusive: int
    children: list[Node] = field(default_factory=list, repr=False)

    @cached_property
    def inclusive(self) -> int:
        """Return the instructions of this context and all it called; ask once the tree below is complete."""
        for node, entered in visits(self):
            if not entered:
                node.__dict__["inclusive"] = node.exclusive + sum(child.inclusive for child in node.children)
        total: int = self.__dict__["inclusive"]
        return total


@dataclass(frozen=True)
class FunctionCost:
    """A function in all its contexts; ``inclusive`` counts a recursive function's instructions once."""

    function: Function
    calls: int
    exclusive: int
    inclusive: int


@dataclass(frozen=True)
class Arc:
    """All calls of one function by another.

    ``inclusive`` leaves out calls of a callee that was running already: their instructions are those of
    its outermost call too. So what leads to a function adds up to its inclusive cost, recursion or not,
    which is how callgrind_annotate and KCachegrind compute it.
    """

    caller: Function
    callee: Function
    calls: int
    inclusive: int


class _Saved(BaseModel):
    # Nodes by depth first: index of the parent, index of the function, calls, exclusive.
    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["mpy-harness profile 1"]
    name: str
    target: str
    functions: list[tuple[str, str, str]]
    nodes: Annotated[
        list[tuple[int, Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]],
        Field(min_length=1),
    ]


@dataclass(eq=False)
class Profile:
    """The call tree of a region: ``root`` is the region itself, ``root.inclusive`` all its instructions."""

    name: str
    target: str
    root: Node

    @property
    def total(self) -> int:
        """Return the instructions of the region."""
        return self.root.inclusive

    def functions(self) -> list[FunctionCost]:
        """Return each function's cost, most instructions of its own first."""
        calls: Counter[Function] = Counter()
        exclusive: Counter[Function] = Counter()
        inclusive: Counter[Function] = Counter()
        running: Counter[Function] = Counter()
        for node, entered in visits(self.root):
            function = node.function
            if entered:
                calls[function] += node.calls
                exclusive[function] += node.exclusive
                inclusive[function] += 0 if running[function] else node.inclusive
            running[function] += 1 if entered else -1
        costs = [FunctionCost(each, calls[each], exclusive[each], inclusive[each]) for each in calls]
        return sorted(costs, key=lambda cost: (-cost.exclusive, -cost.inclusive, _by_name(cost.function)))

    def arcs(self) -> list[Arc]:
        """Return who calls whom, in the order of first calls."""
        calls: Counter[tuple[Function, Function]] = Counter()
        inclusive: Counter[tuple[Function, Function]] = Counter()
        running: Counter[Function] = Counter()
        path: list[Function] = []
        for node, entered in visits(self.root):
            function = node.function
            if not entered:
                running[path.pop()] -= 1
                continue
            if path:
                calls[path[-1], function] += node.calls
                inclusive[path[-1], function] += 0 if running[function] else node.inclusive
            running[function] += 1
            path.append(function)
        return [Arc(caller, callee, calls[caller, callee], inclusive[caller, callee]) for caller, callee in calls]

    def merged(self) -> Profile:
        """Return a profile in which a function is at most once below each node, the most expensive first."""
        root = Node(self.root.function, 0, 0)
        waiting = [(root, [self.root])]
        while waiting:
            node, same = waiting.pop()
            groups: dict[Function, list[Node]] = {}
            for one in same:
                node.calls += one.calls
                node.exclusive += one.exclusive
                for child in one.children:
                    groups.setdefault(child.function, []).append(child)
            for function, group in sorted(groups.items(), key=_most_first):
                child = Node(function, 0, 0)
                node.children.append(child)
                waiting.append((child, group))
        return Profile(self.name, self.target, root)

    def pruned(self, min_share: float) -> Profile:
        """Return a profile without nodes below a share (0 to 1) of all instructions.

        Those below one node are summed up in a node of kind SUMMED at the end of its children, so that
        what remains still adds up.
        """
        least = min_share * self.total
        root = Node(self.root.function, self.root.calls, self.root.exclusive)
        waiting = [(root, self.root)]
        while waiting:
            node, original = waiting.pop()
            small = [child for child in original.children if child.inclusive < least]
            for child in original.children:
                if child.inclusive >= least:
                    node.children.append(Node(child.function, child.calls, child.exclusive))
                    waiting.append((node.children[-1], child))
            if small:
                rest = Function(f"({len(small)} smaller)", "", SUMMED)
                calls, instructions = sum(child.calls for child in small), sum(child.inclusive for child in small)
                node.children.append(Node(rest, calls, instructions))
        return Profile(self.name, self.target, root)

    def to_json(self) -> str:
        """Return the profile as text that ``from_json`` reads; flat, for any depth."""
        functions: dict[Function, int] = {}
        nodes: list[tuple[int, int, int, int]] = []
        path = [-1]
        for node, entered in visits(self.root):
            if entered:
                index = functions.setdefault(node.function, len(functions))
                nodes.append((path[-1], index, node.calls, node.exclusive))
                path.append(len(nodes) - 1)
            else:
                path.pop()
        named = [(function.name, function.module, function.kind) for function in functions]
        saved = _Saved(format="mpy-harness profile 1", name=self.name, target=self.target, functions=named, nodes=nodes)
        return json.dumps(saved.model_dump(), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Profile:
        """Return a profile that was saved.

        Raises ProfileInvalid, which says what is wrong.
        """
        try:
            saved = _Saved.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise _invalid(f"{where}: {first['msg']}" if where else first["msg"]) from error
        functions = [Function(*named) for named in saved.functions]
        nodes: list[Node] = []
        for number, (parent, function, calls, exclusive) in enumerate(saved.nodes):
            if function >= len(functions) or not (parent == -1 if number == 0 else 0 <= parent < number):
                raise _invalid(f"nodes.{number}: its function or the node it is below does not exist")
            nodes.append(Node(functions[function], calls, exclusive))
            if number:
                nodes[parent].children.append(nodes[number])
        return cls(saved.name, saved.target, nodes[0])


def visits(root: Node) -> Iterator[tuple[Node, bool]]:
    """Yield each node twice, depth first: with True when it is entered and with False when it is left."""
    waiting = [(root, True)]
    while waiting:
        node, entered = waiting.pop()
        yield node, entered
        if entered:
            waiting.append((node, False))
            waiting.extend((child, True) for child in reversed(node.children))


def _most_first(item: tuple[Function, list[Node]]) -> tuple[int, tuple[str, str, str]]:
    function, group = item
    return -sum(node.inclusive for node in group), _by_name(function)


def _by_name(function: Function) -> tuple[str, str, str]:
    return function.name, function.module, function.kind


def _invalid(why: str) -> ProfileInvalid:
    return ProfileInvalid(f"this is not a profile that this version can read: {why}. Record the region again.")
