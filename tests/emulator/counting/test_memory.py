"""Loads, stores, cache lines and stack of code of which they are known."""

from __future__ import annotations

import pytest

from mpy_harness.board import Board
from mpy_harness.counting.plugin_lines import MemoryUse
from tests.emulator.counted_programs import CALLS, define

SOURCE = """
import uctypes
memory = bytearray(40 * 1024)
address = uctypes.addressof(memory) + 31 & ~31

# Each touches memory at r1 and after it, `r0` times.
@micropython.asm_thumb
def ldr_(r0, r1):
    label(AGAIN)
    ldr(r2, [r1, 0])
    add(r1, 4)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def ldrh_(r0, r1):
    label(AGAIN)
    ldrh(r2, [r1, 0])
    add(r1, 2)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def ldrb_(r0, r1):
    label(AGAIN)
    ldrb(r2, [r1, 0])
    add(r1, 32)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def strb_(r0, r1):
    mov(r2, 0)
    label(AGAIN)
    strb(r2, [r1, 0])
    add(r1, 64)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def ldrd_(r0, r1):
    label(AGAIN)
    data(2, 0xE9D1, 0x2300)  # ldrd r2, r3, [r1]
    add(r1, 8)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def vldr_(r0, r1):
    label(AGAIN)
    data(2, 0xED91, 0x0B00)  # vldr d0, [r1]
    add(r1, 8)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def stm_(r0, r1):
    mov(r2, 0)
    mov(r3, 0)
    mov(r4, 0)
    label(AGAIN)
    data(2, 0xC11C)          # stmia r1!, (r2, r3, r4)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def copy_(r0, r1):
    add(r3, r1, r0)
    add(r3, r3, r0)
    label(AGAIN)
    ldr(r2, [r1, 0])
    str(r2, [r1, 4])
    ldr(r2, [r1, 0])
    add(r1, 32)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def across_(r0, r1):  # words that lie in two lines each
    add(r1, 30)
    label(AGAIN)
    ldr(r2, [r1, 0])
    add(r1, 64)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def push_(r0, r1):
    mov(r2, r0)
    label(DOWN)
    push({r2})
    sub(r2, 1)
    bne(DOWN)
    label(UP)
    pop({r2})
    sub(r0, 1)
    bne(UP)

def run(name, n):
    globals()[name](n, address)
"""
# What a round adds: loads, stores, bytes loaded and stored, lines.
ROUNDS = {
    "ldr_": (1, 0, 4, 0, 1 / 8),
    "ldrh_": (1, 0, 2, 0, 1 / 16),
    "ldrb_": (1, 0, 1, 0, 1),
    "strb_": (0, 1, 0, 1, 1),
    "ldrd_": (2, 0, 8, 0, 1 / 4),
    "vldr_": (2, 0, 8, 0, 1 / 4),
    "stm_": (0, 3, 0, 12, 3 / 8),
    "copy_": (2, 1, 8, 4, 1),
    "across_": (1, 0, 4, 0, 2),
    "push_": (1, 1, 4, 4, 1 / 8),
}


def used(board: Board, name: str, rounds: int) -> MemoryUse:
    with board.count() as count:
        board.call("run", name, rounds)
    assert count.memory is not None
    return count.memory


@pytest.mark.parametrize("name", ROUNDS)
def test_each_round(counting, name):
    board = counting("memory")
    board.exec(SOURCE)
    # Enough that the stack is deeper than anywhere else.
    one, two = (used(board, name, rounds) for rounds in (300, 364))
    loads, stores, loaded, stored, lines = ROUNDS[name]
    assert two.loads - one.loads == 64 * loads
    assert two.stores - one.stores == 64 * stores
    assert two.bytes_loaded - one.bytes_loaded == 64 * loaded
    assert two.bytes_stored - one.bytes_stored == 64 * stored
    assert two.lines - one.lines == 64 * lines
    assert two.stack - one.stack == (64 * 4 if name == "push_" else 0)


def test_bytes_fit_the_accesses(counting):
    board = counting("memory")
    define(board)
    for name, arguments in CALLS:
        with board.count() as count:
            board.call(name, *arguments)
        use = count.memory
        assert use.loads <= use.bytes_loaded <= 4 * use.loads
        assert use.stores <= use.bytes_stored <= 4 * use.stores
        assert 0 < use.lines <= use.loads + use.stores
        assert 500 < use.stack < 32 * 1024


def test_the_deeper_the_more_stack(counting):
    board = counting("memory")
    board.exec("def deep(n): return n and deep(n - 1)")
    found = []
    for depth in (50, 60, 70):
        with board.count() as count:
            board.call("deep", depth)
        found.append(count.memory.stack)
    assert found[2] - found[1] == found[1] - found[0] > 10 * 64


def test_regions_have_their_own(counting):
    board = counting("memory")
    board.exec(SOURCE)
    board.exec("""
        import harness_mark as m
        def both(address=address, ldr_=ldr_):
            with m.region("one"):
                ldr_(64, address)
            with m.region("two"):
                ldr_(128, address)
    """)
    with board.count() as count:
        board.call("both")
    one, two = count["one"].memory, count["two"].memory
    assert (two.loads - one.loads, two.bytes_loaded - one.bytes_loaded) == (64, 256)
    assert two.lines - one.lines in {7, 8, 9}  # what is loaded may begin in a line that is touched anyway
    assert count.memory.bytes_loaded > one.bytes_loaded + two.bytes_loaded
    assert count.memory.lines > two.lines
