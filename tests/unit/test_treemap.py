"""Treemaps: areas are sizes, nothing overlaps, everything is inside."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpy_harness.reports.treemap import Tile, bytes_of_families, squarified, treemap
from mpy_harness.sizes import SizeTree

TREE = SizeTree.of(
    "flash",
    [
        SizeTree.of("py/vm.o", {"mp_execute_bytecode": 6000, "tables": 900}),
        SizeTree.of("py/obj.o", {f"f{n}": 300 - n for n in range(40)}),
        SizeTree.of("tiny.o", {f"t{n}": 1 for n in range(2000)}),
        SizeTree("padding", 37),
    ],
)


@settings(max_examples=100, database=None, deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.floats(10, 2000), st.floats(10, 2000))
def test_areas_are_proportional_and_fill_the_place(sizes: list[int], width: float, height: float) -> None:
    sizes.sort(reverse=True)
    places = squarified(sizes, 3, 7, width, height)
    assert len(places) == len(sizes)
    for size, (x, y, wide, high) in zip(sizes, places, strict=True):
        assert wide * high == pytest.approx(size * width * height / sum(sizes), rel=1e-6)
        assert x >= 3 - 1e-6
        assert y >= 7 - 1e-6
        assert x + wide <= 3 + width + 1e-6
        assert y + high <= 7 + height + 1e-6
    for number, one in enumerate(places):
        for other in places[number + 1 :]:
            assert overlap(one, other) <= 1e-6 * width * height


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(wide, 0) * max(high, 0)


def test_example_of_the_paper() -> None:
    places = squarified([6, 6, 4, 3, 2, 2, 1], 0, 0, 6, 4)
    assert places[:2] == [(0, 0, 3, 2), (0, 2, 3, 2)]
    assert places[2][2:] == pytest.approx((12 / 7, 7 / 3))
    assert max(max(wide / high, high / wide) for _, _, wide, high in places) < 3


def test_all_bytes_are_in_tiles() -> None:
    tiles = treemap(TREE, 500, 300)
    drawn = sum(tile.bytes for tile in tiles if tile.leaf)
    assert drawn == TREE.bytes
    (rest,) = [tile for tile in tiles if tile.summed > 100]
    assert rest.path == ("tiny.o", "")
    assert sum(tile.bytes for tile in tiles if len(tile.path) == 1) == TREE.bytes


def test_children_lie_in_their_group_and_have_its_number() -> None:
    tiles = treemap(TREE, 500, 300)
    groups: dict[str, Tile] = {tile.path[0]: tile for tile in tiles if len(tile.path) == 1}
    for tile in tiles:
        group = groups[tile.path[0]]
        assert tile.family == group.family
        assert tile.x >= group.x
        assert tile.x + tile.width <= group.x + group.width + 1e-6
        assert tile.y + tile.height <= group.y + group.height + 1e-6


def test_families_are_folders() -> None:
    families = {tile.path[0]: tile.family for tile in treemap(TREE, 500, 300)}
    assert families == {"py/vm.o": 0, "py/obj.o": 0, "tiny.o": 1, "padding": 2}


def test_what_stands_for_others_is_the_last_family() -> None:
    tree = SizeTree.of("flash", {"(smaller ones)": 900, "py/vm.o": 20})
    assert bytes_of_families(tree) == [("py", 20), ("(smaller ones)", 900)]


def test_nothing_and_one() -> None:
    assert treemap(SizeTree("flash", 0), 900, 400) == []
    (tile,) = treemap(SizeTree.of("flash", {"a": 3}), 90, 40)
    assert (tile.x, tile.y, tile.width, tile.height, tile.bytes) == (0, 0, 90, 40, 3)
