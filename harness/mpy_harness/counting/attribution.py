"""Turn contexts that the plugin recorded into a call tree of named functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mpy_harness.counting.plugin_lines import Record
from mpy_harness.counting.profile import Function, Node, Profile, visits
from mpy_harness.firmware.symbols import Symbols

REGION = "region"  # kind of a call tree's root

# The address of what stands for all contexts beyond those that the plugin keeps (plugin_c/nodes.c), and its name.
_OTHERS = 0xFFFFFFFF
_OTHERS_NAME = "(more contexts than are kept)"

# MicroPython's functions that run one of bytecode: they stand for that one.
_RUNS_BYTECODE = {"fun_bc_call", "mp_obj_gen_resume"}


@dataclass(frozen=True)
class Names:
    """What is known of code in the guest.

    ``objects`` are names of MicroPython's function objects by address, ``code`` names what is not the firmware's,
    which is the module ``image``.
    """

    symbols: Symbols
    objects: Mapping[int, str]
    code: Callable[[int], Function | None]
    image: str = "firmware"

    def function(self, address: int, held: int, above: int) -> Function:
        """Return the function at an address, called with the function object ``held``, 0 for none.

        ``above`` is the object of the context above: the code that an emitter made of it runs right below that.
        """
        if address == _OTHERS:
            return Function(_OTHERS_NAME, "", "unknown")
        known = self.symbols.at(address)
        if known is None:
            if self.objects.get(above):
                return Function(self.objects[above], "python", "native")
            return self.code(address) or Function(f"code at {address:#x}", "", "unknown")
        if known.name.partition(".")[0] in _RUNS_BYTECODE and self.objects.get(held):
            return Function(self.objects[held], "python", "python")
        return Function(known.name, self.image, "firmware")


def call_tree(record: Record, target: str, names: Names) -> Profile:
    """Return the call tree of a record, from the innermost function that all of the region lies in."""
    below: list[list[int]] = [[] for _ in record.nodes]
    for number, (parent, *_) in enumerate(record.nodes):
        if parent >= 0:
            below[parent].append(number)
    others = [number for number in below[0] if record.nodes[number][1] == _OTHERS]
    below[0] = [number for number in below[0] if number not in others]
    first = 0
    while len(below[first]) == 1 and record.nodes[first][3:] == (0, 0):
        first = below[first][0]
    root = Node(Function(record.label or "(unnamed)", "", REGION), 1, record.nodes[first][4])
    waiting = [(root, number) for number in below[first] + others]
    while waiting:
        caller, number = waiting.pop()
        parent, address, held, calls, instructions = record.nodes[number]
        node = Node(names.function(address, held, record.nodes[parent][2]), calls, instructions)
        caller.children.append(node)
        waiting += [(node, child) for child in below[number]]
    return Profile(record.label, target, root).merged()


def without(profile: Profile, empty: Profile) -> Profile:
    """Return a call tree less that of an empty region, which is what the marks took; both are merged."""
    root = _copy(profile)
    others = next((child for child in root.children if child.function.name == _OTHERS_NAME), None)
    waiting = [(root, empty.root)]
    while waiting:
        node, less = waiting.pop()
        node.exclusive -= less.exclusive
        node.calls -= less.calls if node is not root else 0
        same = {child.function: child for child in node.children}
        for child in less.children:
            if child.function in same and _has(same[child.function], child):
                waiting.append((same[child.function], child))
            else:  # the sum stays right where the tree does not
                hidden = min(child.inclusive, others.exclusive) if others is not None else 0
                node.exclusive -= child.inclusive - hidden
                if others is not None:
                    others.exclusive -= hidden
                    others.calls -= min(others.calls, sum(each.calls for each, entered in visits(child) if entered))
    return Profile(profile.name, profile.target, _pruned(root))


def _has(node: Node, less: Node) -> bool:
    """Tell whether as much as that was executed in a node itself."""
    return node.calls >= less.calls and node.exclusive >= less.exclusive


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
