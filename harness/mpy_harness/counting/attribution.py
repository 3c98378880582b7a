"""Turn contexts that the plugin recorded into a call tree of named functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mpy_harness.counting.profile import Function, Node, Profile
from mpy_harness.counting.records import Record
from mpy_harness.firmware.symbols import Symbols

#: Names code that is not the firmware's.
NameCode = Callable[[int], Function | None]

REGION = "region"  # kind of a call tree's root

# MicroPython's functions that run one of bytecode: they stand for that one.
_RUNS_BYTECODE = {"fun_bc_call", "mp_obj_gen_resume"}


def call_tree(
    record: Record, target: str, symbols: Symbols, objects: Mapping[int, str], name_code: NameCode
) -> Profile:
    """Return the call tree of a record, from the innermost function that all of the region lies in.

    ``objects`` are names of MicroPython's function objects by address.
    """
    below: list[list[int]] = [[] for _ in record.nodes]
    for number, (parent, *_) in enumerate(record.nodes):
        if parent >= 0:
            below[parent].append(number)
    first = 0
    while len(below[first]) == 1 and record.nodes[first][3:] == (0, 0):
        first = below[first][0]
    root = Node(Function(record.label, "", REGION), 1, record.nodes[first][4])
    waiting = [(root, number) for number in below[first]]
    while waiting:
        parent_node, number = waiting.pop()
        above, address, held, calls, instructions = record.nodes[number]
        function = _function(address, held, record.nodes[above][2], symbols, objects, name_code)
        node = Node(function, calls, instructions)
        parent_node.children.append(node)
        waiting += [(node, child) for child in below[number]]
    return Profile(record.label, target, root).merged()


def _function(
    address: int, held: int, parent: int, symbols: Symbols, objects: Mapping[int, str], name_code: NameCode
) -> Function:
    # parent is the object held by the context above: code that its emitter made runs right below that.
    known = symbols.at(address)
    if known is None:
        if objects.get(parent):
            return Function(objects[parent], "python", "native")
        return name_code(address) or Function(f"code at {address:#x}", "", "unknown")
    if known.name.partition(".")[0] in _RUNS_BYTECODE and objects.get(held):
        return Function(objects[held], "python", "python")
    return Function(known.name, "firmware", "firmware")


def without(profile: Profile, empty: Profile) -> Profile:
    """Return a call tree less that of an empty region, which is what the marks took; both are merged."""
    root = _copy(profile)
    waiting = [(root, empty.root)]
    while waiting:
        node, less = waiting.pop()
        node.exclusive -= less.exclusive
        node.calls -= less.calls if node is not root else 0
        same = {child.function: child for child in node.children}
        for child in less.children:
            if child.function in same:
                waiting.append((same[child.function], child))
            else:  # the sum stays right where the tree does not
                node.exclusive -= child.inclusive
    return Profile(profile.name, profile.target, _pruned(root))


def _copy(profile: Profile) -> Node:
    root = Node(profile.root.function, profile.root.calls, profile.root.exclusive)
    waiting = [(root, profile.root)]
    while waiting:
        node, original = waiting.pop()
        for child in original.children:
            node.children.append(Node(child.function, child.calls, child.exclusive))
            waiting.append((node.children[-1], child))
    return root


def _pruned(root: Node) -> Node:
    ordered = [root]
    for node in ordered:
        ordered += node.children
    for node in reversed(ordered):
        node.children = [child for child in node.children if child.children or child.exclusive or child.calls]
    return root
