"""Reading the linker's map: long names, archives, string sections, what is no piece."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.sizes.linkmap import Piece, read_map

MAP = """\
Archive member included to satisfy reference by file (symbol)

Discarded input sections

 .text          0x00000000       0x10 /tmp/x/build/py/a.o

Linker script and memory map

LOAD /tmp/x/build/py/a.o

.text           0x10000000      0x100
 *(.text*)
 .text.one      0x10000000       0x10 /tmp/x/build/py/a.o
                0x10000000                one
 *fill*         0x10000010        0x4
 .text.a_name_too_long_for_its_column
                0x10000014       0x20 /tmp/x/build/b.o
 .text.empty    0x10000034        0x0 /tmp/x/build/b.o
 .rodata.x.str1.1
                0x10000034        0x3 /tmp/x/build/b.o
                                  0x9 (size before relaxing)
 .text          0x10000038       0x30 /usr/lib/gcc/thumb/libgcc.a(_udivdi3.o)
                0x10000100                _sidata = .
.bss            0x20000000       0x40
 COMMON         0x20000000       0x40 /tmp/x/build/py/a.o

/DISCARD/
 .comment       0x00000000       0x27 /tmp/x/build/b.o
"""


def test_pieces_of_a_map(tmp_path: Path) -> None:
    file = tmp_path / "firmware.map"
    file.write_text(MAP, encoding="utf-8")
    assert sorted(read_map(file), key=lambda piece: piece.start) == [
        Piece(".text.one", ".text", 0x10000000, 0x10, "py/a.o"),
        Piece(".text.a_name_too_long_for_its_column", ".text", 0x10000014, 0x20, "b.o"),
        Piece(".rodata.x.str1.1", ".text", 0x10000034, 3, "b.o"),
        Piece(".text", ".text", 0x10000038, 0x30, "libgcc.a(_udivdi3.o)"),
        Piece("COMMON", ".bss", 0x20000000, 0x40, "py/a.o"),
    ]


def test_merged_strings_belong_to_all_that_had_some(tmp_path: Path) -> None:
    # As GNU ld 2.44 tells it: the first has them all, the others stand where the next piece is.
    file = tmp_path / "firmware.map"
    file.write_text(
        """Linker script and memory map

.text           0x10000000      0x100
 .rodata.main.str1.1
                0x10000028       0x2a build/t.o
                                  0x2 (size before relaxing)
 .rodata.say.str1.1
                0x10000052       0x1f build/fault.o
 .rodata.str1.1
                0x10000052       0x0d build/exit.o
 .rodata.names  0x10000052       0x20 build/fault.o
 .rodata.b.str1.4
                0x10000074        0x8 build/t.o
""",
        encoding="utf-8",
    )
    assert read_map(file) == [
        Piece(".rodata.main.str1.1", ".text", 0x10000028, 2, "t.o"),
        Piece(".rodata.say.str1.1", ".text", 0x1000002A, 0x1F, "fault.o"),
        Piece(".rodata.str1.1", ".text", 0x10000049, 9, "exit.o"),
        Piece(".rodata.names", ".text", 0x10000052, 0x20, "fault.o"),
        Piece(".rodata.b.str1.4", ".text", 0x10000074, 8, "t.o"),
    ]


def test_strings_with_a_place_of_their_own_keep_it(tmp_path: Path) -> None:
    # As GNU ld 2.40 tells it: one piece has grown by what another lost, all others stand where they are.
    file = tmp_path / "firmware.map"
    file.write_text(
        """Linker script and memory map

.text           0x10000000      0x200
 .rodata.str1.1
                0x10000010       0x80 build/qstr.o
                                 0x90 (size before relaxing)
 .rodata.names  0x10000090       0x20 build/qstr.o
 .rodata.append.str1.1
                0x100000b0       0x2f build/deque.o
                                  0x5 (size before relaxing)
 .rodata.types  0x100000e0       0x20 build/deque.o
 .rodata.print.str1.1
                0x10000100       0x10 build/list.o
""",
        encoding="utf-8",
    )
    found = {(piece.start, piece.size, piece.object) for piece in read_map(file)}
    assert found == {
        (0x10000010, 0x80, "qstr.o"),
        (0x10000090, 0x20, "qstr.o"),
        (0x100000B0, 0x05, "deque.o"),
        (0x100000B5, 0x2A, "deque.o"),
        (0x100000E0, 0x20, "deque.o"),
        (0x10000100, 0x10, "list.o"),
    }


def test_no_map_is_no_error(tmp_path: Path) -> None:
    assert read_map(tmp_path / "none.map") == []


def test_what_is_no_map_has_no_pieces(tmp_path: Path) -> None:
    file = tmp_path / "firmware.map"
    file.write_bytes(b"\xff\x00 .text 0x10 0x20 a.o\n" * 20)
    assert read_map(file) == []
