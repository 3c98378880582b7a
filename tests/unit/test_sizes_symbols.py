"""Sharing bytes out among symbols: each byte once, none lost."""

from __future__ import annotations

from mpy_harness.sizes.linkmap import Piece
from mpy_harness.sizes.symbols import Symbol, share_out
from mpy_harness.sizes.tree import SizeTree


def leaves(tree: SizeTree) -> dict[tuple[str, ...], int]:
    return dict(tree.leaves())


def test_bytes_between_symbols_and_pieces_are_named_too() -> None:
    pieces = [Piece(".text.f", ".text", 0, 10, "a.o"), Piece(".rodata.str1.1", ".text", 12, 8, "a.o")]
    tree = share_out(".text", 0, 24, pieces, [Symbol(2, 6, "f")])
    assert leaves(tree) == {
        ("a.o", "f"): 6,
        ("a.o", "(.text.f)"): 4,
        ("a.o", "(strings)"): 8,
        ("(linker)", "(padding)"): 6,
    }
    assert tree.bytes == 24


def test_symbols_that_overlap_are_counted_once() -> None:
    tree = share_out(".text", 0, 20, [], [Symbol(0, 16, "outer"), Symbol(4, 4, "inner"), Symbol(12, 8, "behind")])
    assert leaves(tree) == {(".text", "outer"): 16, (".text", "behind"): 4}


def test_a_label_without_a_size_ends_where_the_next_begins() -> None:
    tree = share_out(
        ".text", 0, 20, [Piece(".text", ".text", 0, 20, "s.o")], [Symbol(0, 0, "one"), Symbol(8, 0, "two")]
    )
    assert leaves(tree) == {("s.o", "one"): 8, ("s.o", "two"): 12}


def test_a_symbol_larger_than_its_section_is_cut() -> None:
    tree = share_out(".bss", 0x100, 8, [Piece(".bss", ".bss", 0x100, 8, "a.o")], [Symbol(0x100, 1 << 40, "x")])
    assert leaves(tree) == {("a.o", "x"): 8}


def test_room_that_the_script_reserves_is_nobodys() -> None:
    elsewhere = Piece(".bss", ".bss", 0, 8, "a.o")
    assert leaves(share_out(".stack", 0x100, 64, [elsewhere], [])) == {("(linker script)", ".stack"): 64}


def test_a_tree_is_the_sum_of_its_parts_and_sorted() -> None:
    tree = SizeTree.of("flash", [SizeTree.of("a.o", {"x": 3, "y": 0}), SizeTree.of("b.o", {"z": 9})])
    assert (tree.bytes, [child.name for child in tree.children]) == (12, ["b.o", "a.o"])
    assert tree.as_json() == {
        "name": "flash",
        "bytes": 12,
        "children": [
            {"name": "b.o", "bytes": 9, "children": [{"name": "z", "bytes": 9}]},
            {"name": "a.o", "bytes": 3, "children": [{"name": "x", "bytes": 3}]},
        ],
    }
