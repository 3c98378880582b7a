"""Guest code of all sorts, whose counts must never vary."""

from __future__ import annotations

from typing import Any

import numpy as np

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader

# The counter of the FPGA I/O block, a device's register (Arm DAI 0505, section 3.10).
DEVICE_REGISTER = 0x50302018

SOURCE = f"""
import array, gc, struct, time

def bytecode(n):
    s = 0
    for i in range(n):
        s = (s + i * 3 ^ s >> 1) & 0xFFFF
    return s

@micropython.native
def native(n: int):
    s = 0
    for i in range(n):
        s += i
    return s

@micropython.viper
def viper(n: int) -> int:
    s = 0
    for i in range(n):
        s += i
    return s

@micropython.asm_thumb
def assembler(r0):
    label(AGAIN)
    sub(r0, 1)
    bne(AGAIN)

def collections_inside(n):
    # Far more than the heap holds: MicroPython collects on its own as well.
    kept = []
    for i in range(n):
        kept.append(bytearray(90000))
        if len(kept) > 10:
            kept = [kept[-2:]]
        if i % 20 == 0:
            gc.collect()

def floats(n):
    x = 0.5
    for i in range(n):
        x = 3.7 * x * (1 - x)
    return x

def prints(n):
    for i in range(n):
        print("line", i, 1.5 * i)

def long_line(n):
    print("x" * n)

def clock(n):
    for i in range(n):
        time.ticks_diff(time.ticks_us(), time.ticks_us())
        time.ticks_ms()

def sleeps():
    time.sleep_us(1)
    time.sleep_ms(3)

def strings(n):
    d = {{}}
    for i in range(n):
        d["key %d" % i] = struct.pack("<Id", i, i * 1.5)
    return sorted(d)

def arrays(n):
    a = array.array("f", range(n))
    b = bytes(a) + bytes(a[1:3])
    return sum(a), struct.unpack_from("<8H", b, 3)

class Thing:
    def __init__(self, size):
        self.size = size
    def __lt__(self, other):
        return self.size < other.size

def objects(n):
    return sorted([Thing(i * 7 % n) for i in range(n)])[0].size

def generators(n):
    def squares():
        for i in range(n):
            yield i * i
    return sum(s for s in squares() if s % 3)

def exceptions(n):
    caught = 0
    for i in range(n):
        try:
            try:
                if i % 3:
                    [][i]
                {{}}[i]
            finally:
                caught += 1
        except LookupError as error:
            caught += isinstance(error, IndexError)
    return caught

def deep(n):
    return n and deep(n - 1) + 1

# Accesses to a device in the middle of a block: loads, stores, several words at once, twice in a row.
@micropython.asm_thumb
def device(r0, r1):
    label(AGAIN)
    add(r2, r1, 1)
    ldr(r3, [r0, 0])
    add(r2, r2, r1)
    ldr(r4, [r0, 0])
    ldr(r4, [r0, 0])
    add(r2, r2, 1)
    data(2, 0xE9D0, 0x4500)  # ldrd r4, r5, [r0]
    add(r2, r2, r1)
    data(2, 0xC830)          # ldmia r0!, (r4, r5)
    sub(r0, 8)
    push({{r2, r4}})
    pop({{r2, r4}})
    data(2, 0x6884)          # ldr r4, [r0, 8]
    sub(r1, 1)
    bne(AGAIN)
    mov(r0, 0)

def natmod():
    filt.reset()
    filt.run(samples, filtered)

def reads_device(n):
    device({DEVICE_REGISTER:#x}, n)
"""

CALLS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("bytecode", (50,)),
    ("native", (100,)),
    ("viper", (100,)),
    ("assembler", (100,)),
    ("natmod", ()),
    ("collections_inside", (50,)),
    ("floats", (100,)),
    ("prints", (10,)),
    ("long_line", (3000,)),
    ("clock", (20,)),
    ("sleeps", ()),
    ("strings", (40,)),
    ("arrays", (100,)),
    ("objects", (40,)),
    ("generators", (50,)),
    ("exceptions", (30,)),
    ("deep", (80,)),
    ("reads_device", (20,)),
)


def define(board: Board) -> None:
    """Define the programs, and load the native module ``iir`` for one of them."""
    board.exec(SOURCE)
    filt = ModuleLoader(board)("iir").new(np.array([1, 0.5, 0.25, 1, -0.5, 0.125] * 2, np.float32))
    samples = np.sin(np.arange(64, dtype=np.float32))
    board.call("lambda f, s, t: globals().update(filt=f, samples=s, filtered=t)", filt, samples, samples)


def counts(board: Board) -> dict[str, int]:
    """Return what each program takes."""
    return {name: measured(board, name, *arguments) for name, arguments in CALLS}


def measured(board: Board, name: str, *arguments: Any) -> int:
    """Return the instructions that a call of a guest's function takes."""
    with board.count(name) as count:
        board.call(name, *arguments)
    assert count.exact
    assert count.finished
    return count.instructions
