"""The code of native modules shares no page with data, which emulators are slow to write to (board_code.c)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.targets import load_target

PAGE = 1024  # of QEMU, on a core without an MMU
ASKED = """
import struct
import sys
from array import array

import uctypes

def words(address, count):
    return struct.unpack("<%dI" % count, uctypes.bytearray_at(address, 4 * count))

def code_of(module):
    # mp_obj_fun_builtin_fixed_t of py/obj.h: type, code
    return words(id(module.new), 2)[1]

def ready(sections):
    return sys.modules["iir"].new(array("f", sections))

def filtered(filt, samples):
    data = array("f", samples)
    filt.run(data)
    return list(data)
"""


def heap_end(board: Board) -> int:
    heap = Symbols(board.image).address("board_heap")
    return int(board.call("words", heap, 3)[2])


def loaded(board: Board) -> int:
    module = ModuleLoader(board)("iir")
    board.exec(ASKED)
    return int(board.call("code_of", module))


def test_no_data_is_beside_code(make_board: Callable[..., Board]) -> None:
    board = make_board()
    first = loaded(board)
    assert first // PAGE > (heap_end(board) - 1) // PAGE
    board.soft_reset()
    assert loaded(board) == first, "a reset leaves nothing of what was loaded before"


def test_where_memory_is_short_code_runs_in_the_heap(make_board: Callable[..., Board]) -> None:
    target = load_target("m4-stm32")
    board = make_board(target, firmware_for(target).elf)
    assert loaded(board) < heap_end(board)
    filt = board.call("ready", board.hold([0.5, 0.0, 0.0, 1.0, 0.0, 0.0]))
    assert board.call("filtered", filt, [1.0, 2.0]) == [0.5, 1.0]


@pytest.mark.parametrize("pad", [0, 448, 704])
def test_importing_costs_heap_as_in_place(make_board: Callable[..., Board], pad: int) -> None:
    # The heaps hold the same blocks, whether the code is executed there (m4) or not.
    used = []
    for name in ("m33", "m4-stm32"):
        target = load_target(name)
        board = make_board(target, firmware_for(target).elf)
        board.exec(f"kept = bytearray({pad})")
        ModuleLoader(board)("iir")
        used.append(board.heap.imports["iir"])
    assert used[0] == used[1]
