"""Heap and stack of programs: exact, the same each time, and nothing of the harness in them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.allocations import MemoryWatch
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.objects import GuestObject, number_of
from mpy_harness.board.pool import BoardPool
from mpy_harness.board.requests import Requests
from mpy_harness.errors import GuestException, MemoryUnwatched
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.targets import Target

PROGRAM = """
import gc
x = many = f = filters = None

def nothing():
    x = 1 + 1

def hundred():
    return len([0] * 100)

def deep(n):
    return deep(n - 1) if n else 0

def grow():
    data = bytearray(16)
    for _ in range(4):
        data.extend(bytes(16))

def fail():
    bytearray(1000)
    raise ValueError("on purpose")

kept = [None] * 64

def keep(at, size):
    kept[at] = bytearray(size)
"""


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardPool]:
    pool = BoardPool(tmp_path_factory.mktemp("allocations"))
    yield pool
    pool.close()


@pytest.fixture(params=["off", "count"])
def board(boards: BoardPool, m33: Target, request: pytest.FixtureRequest) -> Board:
    """A board on which instructions are counted or not: allocations are the same."""
    fresh = boards.board(m33, mode="count" if request.param == "count" else None)
    fresh.allocated.clear()
    fresh.exec(PROGRAM)
    return fresh


def test_a_function_that_allocates_nothing(board: Board) -> None:
    with board.allocations() as a:
        board.call("nothing")
    assert (a.count, a.bytes, a.peak, a.held) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda board: board.exec(""),
        lambda board: board.exec("x = 1 + 1"),
        lambda board: board.eval("1 + 1"),
        lambda board: board.call("nothing"),
        lambda board: board.call("max", 3, 4),
        lambda board: board.call("dict().get", 1, 2),
    ],
)
def test_asking_takes_nothing(board: Board, ask: Callable[[Board], object]) -> None:
    with board.allocations() as a:
        ask(board)
        ask(board)
    assert (a.count, a.bytes, a.peak, a.held) == (0, 0, 0, 0)


def test_lists_take_their_head_and_their_items_in_whole_blocks(board: Board) -> None:
    # py/objlist.c: an object of 16 bytes and room for at least four items, for [0] and for the product.
    with board.allocations() as a:
        board.call("hundred")
    assert (a.count, a.bytes, a.peak, a.held) == (4, 16 + 16 + 16 + 400, 448, 0)
    with board.allocations() as b:
        board.exec("many = [0] * 100")
    assert (b.count, b.bytes) == (4, 448)
    assert b.held == 416


def test_blocks_that_grow_count_by_what_they_gained(board: Board) -> None:
    with board.allocations() as a:
        board.call("grow")
    # A bytearray's object and bytes, then bytes(16) twice over (object, data) and a larger buffer, four times.
    assert a.count >= 2 + 4 * 2
    assert a.bytes % 16 == 0


def test_what_is_kept_and_what_is_left(board: Board) -> None:
    with board.allocations() as a:
        board.call("keep", 0, 1000)
    assert (a.count, a.bytes, a.held) == (2, 16 + 1008, 1024)
    assert a.largest_before - a.largest_after in range(1025)
    with board.allocations() as b:
        board.call("keep", 1, 100_000)
    assert b.largest_before - b.largest_after >= 100_000
    with board.allocations() as c:
        board.exec("kept[1] = None")
    assert c.held == -(100_000 + 16)
    assert c.largest_after > c.largest_before


def test_several_requests_add_up(board: Board) -> None:
    with board.allocations("outer") as outer:
        for at in range(5):
            with board.allocations("inner") as inner:
                board.call("keep", at, 160)
            assert (inner.count, inner.bytes, inner.held) == (2, 176, 176)
    assert (outer.count, outer.bytes, outer.held) == (10, 5 * 176, 5 * 176)
    assert [a.name for a in board.allocated] == ["outer", *["inner"] * 5]


def test_an_exception_ends_the_watch(board: Board) -> None:
    with board.allocations() as a, pytest.raises(GuestException, match="on purpose"):
        board.call("fail")
    assert a.bytes >= 1024
    with board.allocations() as b:
        board.call("nothing")
    assert b.count == 0


def test_no_memory_is_no_allocation(board: Board) -> None:
    with board.allocations() as a, pytest.raises(GuestException, match="MemoryError"):
        board.call("bytearray", 1 << 30)
    assert 0 < a.bytes < 1000  # the bytearray's object, the exception


def test_collections_of_the_program_do_not_confuse_it(board: Board) -> None:
    board.exec("def churn():\n for _ in range(10):\n  bytearray(1000)\n  gc.collect()")
    with board.allocations() as a:
        board.call("churn")
    assert a.bytes == 10 * 1024
    assert 0 <= a.held <= 1024  # the collector may take anything for a pointer to the last one
    assert a.peak <= 2 * 1024


def test_a_heap_that_runs_full(board: Board) -> None:
    board.exec("def fill():\n for _ in range(3000):\n  bytearray(1000)")  # more than there is
    with board.allocations() as a:
        board.call("fill")
    assert (a.count, a.bytes) == (6000, 3000 * 1024)
    assert 0 <= a.held <= 1024
    assert a.largest_before - 4096 < a.peak < 3 << 20


def test_the_stack_grows_by_the_same_for_each_call(board: Board) -> None:
    depths = []
    for calls in (10, 20, 30):
        with board.allocations() as a:
            board.call("deep", calls)
        depths.append(a.stack)
    assert depths[1] - depths[0] == depths[2] - depths[1] > 10 * 64


def test_the_painted_stack_agrees_with_the_accesses_that_qemu_sees(boards: BoardPool, m33: Target) -> None:
    board = boards.board(m33, mode="memory")
    board.exec(PROGRAM)
    for calls in (10, 25):
        with board.count() as count, board.allocations() as a:
            board.call("deep", calls)
        assert count.memory is not None
        assert 0 <= count.memory.stack - a.stack < 4


def test_instructions_are_the_same_with_and_without(boards: BoardPool, m33: Target) -> None:
    board = boards.board(m33, mode="count")
    board.exec(PROGRAM)
    board.call("deep", 5)
    taken = []
    for watched in (False, True, False, True):
        with board.count() as count:
            if watched:
                with board.allocations():
                    board.call("deep", 5)
            else:
                board.call("deep", 5)
        taken.append(count.instructions)
    assert len(set(taken)) == 1


def test_objects_and_what_they_leak(board: Board) -> None:
    board.exec("grown = []\ndef make(n):\n return bytearray(n)\ndef leaky(n):\n grown.append(bytearray(n))\n return n")
    assert board.heap.of("make", 100) == 16 + 112
    assert board.heap.of(board.eval("make"), 0) == 16
    assert board.heap.leak("make", 100).bytes == 0
    leak = board.heap.leak("leaky", 100, rounds=500)
    assert leak.bytes >= 500 * 128
    assert 128 <= leak.each < 140  # and the list's own growth
    assert board.heap.leak("make", 100).bytes == 0  # also behind one that leaks
    with pytest.raises(ValueError, match="rounds"):
        board.heap.leak("make", 1, rounds=0)


def test_what_calls_leak_that_return_nothing(board: Board) -> None:
    board.exec("held = []\ndef silent():\n held.append(bytearray(50))\ndef harmless():\n bytearray(50)")
    assert 80 <= board.heap.leak("silent", rounds=200).each < 100
    assert board.heap.leak("harmless", rounds=200).bytes == 0
    # Not each call of it: 656 bytes in 40 calls.
    board.exec("calls = [0]\ndef seldom():\n calls[0] += 1\n if calls[0] % 40 == 0:\n  held.append(bytearray(640))")
    assert 10 <= board.heap.leak("seldom", rounds=800).each < 25


def test_what_each_call_of_a_region_leaves(board: Board) -> None:
    board.exec("held = [None] * 64\ndef hold(at):\n held[at] = bytearray(100)\ndef take(at):\n bytearray(100)")
    with board.allocations() as leaking:
        for at in range(6):
            board.call("hold", at)
    assert (leaking.leak, len(leaking.stayed)) == (16 + 112, 6)
    with board.allocations() as harmless:
        for at in range(6):
            board.call("take", at)
    assert harmless.leak == 0
    with board.allocations() as one:
        board.call("hold", 20)
    assert one.leak == 16 + 112
    assert leaking.plus(one).stayed == [*leaking.stayed, *one.stayed]


def test_a_native_module(board: Board) -> None:
    iir = ModuleLoader(board)("iir")
    assert iir.build is not None
    loaded = sum(iir.build.sizes[part] for part in ("text", "rodata", "bss"))
    assert loaded < iir.heap < loaded + 400
    board.exec("import array, iir\nsos = array.array('f', [1, 0, 0, 1, 0, 0] * 2)\nsignal = array.array('f', [0] * 64)")
    each = board.heap.of("lambda: iir.new(sos)")
    assert each >= 2 * 5 * 4
    with board.allocations() as a:
        board.exec("filters = iir.new(sos)")
    assert a.count >= 1
    board.exec("f = iir.new(sos)")
    with board.allocations() as b:
        board.exec("f.run(signal)")
    assert (b.count, b.bytes) == (0, 0)
    assert board.heap.leak("lambda: iir.new(sos)", use="lambda f: f.run(signal)").bytes == 0


def test_firmware_that_does_not_count_says_so(tmp_path: Path) -> None:
    watch = MemoryWatch(Requests("other", 1.0, GuestObject, number_of), Symbols(tmp_path / "firmware.bin"))
    with pytest.raises(MemoryUnwatched, match="firmware of target other does not count"), watch.region(""):
        pass


def test_an_image_without_symbols_says_so(make_board: Callable[..., Board], m33: Target, tmp_path: Path) -> None:
    from mpy_harness.firmware.image import firmware_for
    from mpy_harness.firmware.process import run
    from mpy_harness.firmware.toolchain import find

    stripped = shutil.copy(firmware_for(m33).elf, tmp_path / "firmware.elf")
    run([find("arm-none-eabi-strip", "taking the symbols off"), stripped], timeout=20)
    board = make_board(image=stripped)
    with pytest.raises(MemoryUnwatched), board.allocations():
        pass
    assert board.heap.used() > 0
