"""Bytes by what takes them: region → object file → symbol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SizeTree:
    """A part of a memory: its bytes are the sum of its children's, the largest first, where it has some."""

    name: str
    bytes: int
    children: tuple[SizeTree, ...] = ()

    @classmethod
    def of(cls, name: str, children: dict[str, int] | list[SizeTree]) -> SizeTree:
        """Return the tree of these children: leaves by name, or trees. What has no bytes is left out."""
        trees = [cls(*leaf) for leaf in children.items()] if isinstance(children, dict) else children
        found = sorted((tree for tree in trees if tree.bytes), key=lambda tree: (-tree.bytes, tree.name))
        return cls(name, sum(tree.bytes for tree in found), tuple(found))

    def leaves(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """Return each leaf's path of names, this one's left out, and its bytes."""
        for child in self.children:
            if not child.children:
                yield (child.name,), child.bytes
            for path, size in child.leaves():
                yield (child.name, *path), size

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data: ``name``, ``bytes`` and, where there are some, ``children``."""
        facts: dict[str, Any] = {"name": self.name, "bytes": self.bytes}
        return facts | {"children": [child.as_json() for child in self.children]} if self.children else facts


def merged(name: str, trees: Sequence[SizeTree]) -> SizeTree:
    """Return one tree of several: children of the same name become one."""
    groups: dict[str, list[SizeTree]] = {}
    for tree in trees:
        for child in tree.children:
            groups.setdefault(child.name, []).append(child)
    children = []
    for child_name, same in groups.items():
        inner = merged(child_name, same)
        children.append(inner if inner.children else SizeTree(child_name, sum(tree.bytes for tree in same)))
    return SizeTree.of(name, children)
