"""Squarified treemaps: rectangles whose areas are sizes and whose sides differ as little as possible.

The layout is that of Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mpy_harness.sizes import SizeTree

_HEAD = 17  # height of a group's name
_GAP = 2
_Place = tuple[float, float, float, float]  # x, y, width, height
_SMALLEST = 10.0  # area of a tile that can still be seen and pointed at


@dataclass(frozen=True)
class Tile:
    """A part of a tree as a rectangle; ``path`` names it from the top, ``family`` numbers that of its top-level part.

    ``summed`` counts the parts that were too small to be drawn, which it stands for; 0 for a part itself.
    """

    path: tuple[str, ...]
    bytes: int
    x: float
    y: float
    width: float
    height: float
    family: int
    leaf: bool
    summed: int = 0


def treemap(tree: SizeTree, width: float, height: float) -> list[Tile]:
    """Return the tiles of a tree without its root: groups before what is in them, the largest first."""
    tiles: list[Tile] = []
    families = {name: number for number, (name, _) in enumerate(bytes_of_families(tree))}
    waiting: list[tuple[tuple[str, ...], SizeTree, _Place, int]] = [((), tree, (0.0, 0.0, width, height), -1)]
    while waiting:
        path, parent, room, family = waiting.pop()
        drawn, small = _drawn(parent, room[2] * room[3])
        sizes = [child.bytes for child in drawn] + ([sum(child.bytes for child in small)] if small else [])
        places = squarified(sizes, *room)
        for child, place in zip(drawn, places, strict=False):
            of = families[_family(child.name)] if family < 0 else family
            inner = _inside(place) if child.children else None
            names = (*path, child.name)
            tiles.append(Tile(names, child.bytes, *place, of, inner is None))
            if inner is not None:
                waiting.append((names, child, inner, of))
        if small:
            of = len(families) if family < 0 else family
            tiles.append(Tile((*path, ""), sizes[-1], *places[-1], of, leaf=True, summed=len(small)))
    return tiles


def bytes_of_families(tree: SizeTree) -> list[tuple[str, int]]:
    """Return the families of the top-level parts (folders or archives of object files) with their bytes."""
    sizes: Counter[str] = Counter()
    for child in tree.children:
        sizes[_family(child.name)] += child.bytes
    # What stands for others, such as "(smaller ones)", comes last.
    return sorted(sizes.items(), key=lambda item: (item[0].startswith("("), -item[1], item[0]))


def _family(name: str) -> str:
    # py/vm.o, libgcc.a(_udivsi3.o); "(linker)" is its own.
    return name.partition("/")[0].partition("(")[0] or name


def squarified(sizes: Sequence[int], x: float, y: float, width: float, height: float) -> list[_Place]:
    """Return a rectangle (x, y, width, height) for each size, which all together fill the given one.

    Sizes are positive and best given largest first.
    """
    places: list[_Place] = []
    left, rest = list(sizes), float(sum(sizes))
    while left:
        scale = width * height / rest if rest else 0.0
        short = min(width, height)
        count, row = 1, float(left[0])
        while count < len(left):
            wider = row + left[count]
            if _worst(left[: count + 1], wider, scale, short) > _worst(left[:count], row, scale, short):
                break
            count, row = count + 1, wider
        thick = row * scale / short if short else 0.0
        along = 0.0
        for size in left[:count]:
            length = short * size / row
            places.append((x, y + along, thick, length) if width >= height else (x + along, y, length, thick))
            along += length
        if width >= height:
            x, width = x + thick, max(0.0, width - thick)
        else:
            y, height = y + thick, max(0.0, height - thick)
        left, rest = left[count:], rest - row
    return places


def _worst(row: Sequence[int], total: float, scale: float, short: float) -> float:
    # The largest ratio of sides in a row: only its largest and smallest members can have it.
    if not scale or not short:
        return 0.0
    thick = total * scale / short
    return max(max(thick / (size * scale / thick), size * scale / thick / thick) for size in (max(row), min(row)))


def _drawn(parent: SizeTree, area: float) -> tuple[list[SizeTree], list[SizeTree]]:
    least = _SMALLEST * parent.bytes / area if area else 0.0
    drawn = [child for child in parent.children if child.bytes >= least]
    small = [child for child in parent.children if child.bytes < least]
    return (drawn, small) if len(small) > 1 else (list(parent.children), [])


def _inside(place: _Place) -> _Place | None:
    # Room for what is in a group, below its name; None where there is too little.
    x, y, width, height = place
    if width < 28 or height < _HEAD + 14:
        return None
    return x + _GAP, y + _HEAD, width - 2 * _GAP, height - _HEAD - _GAP
