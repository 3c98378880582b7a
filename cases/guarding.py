"""Run a module's functions in the guest between guard bytes, with garbage collections in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject

Array = NDArray[Any]

# Runs on MicroPython. Every output lies between eight items of a pattern on either side, checked after
# every call; every call comes right after a garbage collection, and what that freed was overwritten;
# inputs must come out as they went in. The calls alone are regions: their instructions are the case's.
_GUEST = """
import array, gc, harness_mark, hashlib, struct

JUNK = [b"\\xa5" * size for size in (4096, 1024, 256, 64, 16)]

class Uncounted:
    def __enter__(self):
        pass

    def __exit__(self, *error):
        pass

class Guarded:
    def __init__(self, code, n):
        self.edge = b"\\xa5" * (8 * struct.calcsize(code))
        edge = array.array(code, self.edge)
        self.whole = memoryview(zeros(code, n + 16))
        self.whole[:8] = edge
        self.whole[n + 8 :] = edge
        self.view = self.whole[8 : 8 + n]

    def check(self):
        if bytes(self.whole[:8]) != self.edge:
            raise AssertionError("memory before the output was overwritten")
        if bytes(self.whole[len(self.whole) - 8 :]) != self.edge:
            raise AssertionError("memory after the output was overwritten")

def zeros(code, n):
    # In steps: all at once would take twice the memory.
    made = array.array(code)
    step = bytes(64 * struct.calcsize(code))
    for _ in range(n // 64):
        made.extend(array.array(code, step))
    made.extend(array.array(code, bytes(n % 64 * struct.calcsize(code))))
    return made

def digest(data):
    return hashlib.sha256(data).digest()

def collect():
    # Free what is unreachable and overwrite it: memory that a module has lost hold of shows at once.
    gc.collect()
    for junk in JUNK:
        kept = [None] * 24
        try:
            for at in range(24):
                kept[at] = bytearray(junk)
        except MemoryError:  # all is full of it
            pass
        kept = None
    gc.collect()

def call_guarded(owner, name, code, n, filled, args, counted):
    # An argument ... stands for the output of n items, which starts as filled, or as zeros.
    out = Guarded(code, n)
    if filled is not None:
        out.view[: len(filled)] = memoryview(filled)
    before = [digest(a) for a in args if isinstance(a, array.array)]
    args = [out.view if a == "..." else a for a in args]
    function = getattr(owner, name)
    region = harness_mark.region() if counted else Uncounted()
    collect()
    with region:
        function(*args)
    collect()
    out.check()
    if [digest(a) for a in args if isinstance(a, array.array)] != before:
        raise AssertionError("an input was changed")
    return out.view

def run_blocks(owner, name, src, code, sizes, in_place, counted):
    function = getattr(owner, name)
    region = harness_mark.region() if counted else Uncounted()
    before = digest(src)
    view = memoryview(src)
    done = zeros(code, len(src))
    at = 0
    for n in sizes:
        block = view[at : at + n]
        out = Guarded(code, n)
        collect()
        if in_place:
            out.view[:] = block
            with region:
                function(out.view)
        else:
            with region:
                function(block, out.view)
        out.check()
        memoryview(done)[at : at + n] = out.view
        at += n
    if digest(src) != before:
        raise AssertionError("the input was changed")
    return done
"""


class Guarded:
    """Calls functions of the guest with guarded outputs; what no check is for is not to be ``counted``."""

    def __init__(self, board: Board) -> None:
        self._board = board
        board.exec(_GUEST)

    def call(
        self,
        owner: GuestObject,
        name: str,
        *args: Any,
        out: tuple[str, int],
        filled: Array | None = None,
        counted: bool = True,
    ) -> Array:
        """Call ``owner.name(*args)``, where an argument ... is the output, and return what it then holds.

        ``out`` is the output's typecode and length; ``filled`` is in it before the call.
        """
        marked = ["..." if arg is ... else arg for arg in args]
        return np.asarray(self._board.call("call_guarded", owner, name, *out, filled, marked, counted))

    def run(
        self,
        owner: GuestObject,
        name: str,
        x: Array,
        sizes: Sequence[int],
        *,
        in_place: bool = False,
        counted: bool = True,
    ) -> Array:
        """Call ``owner.name`` for each block of ``x``, in place or into an output, and return all of it."""
        code = {"float32": "f", "int16": "h", "int32": "i"}[x.dtype.name]
        done = self._board.call("run_blocks", owner, name, x, code, list(sizes), in_place, counted, timeout=60)
        return np.asarray(done)


def block_sizes(kind: str, total: int) -> list[int]:
    """Split a signal: ``one`` block, ``many`` of 64 samples, or blocks of ``random`` sizes, some empty."""
    if kind == "one":
        return [total]
    if kind == "many":
        return [64] * (total // 64) + [total % 64]
    cuts = np.sort(np.random.default_rng(total).integers(0, total + 1, 40))
    sizes = [int(n) for n in np.diff(np.r_[0, cuts, total])]
    # Blocks of one sample and of none are where state is lost first.
    biggest = sizes.index(max(sizes))
    sizes[biggest : biggest + 1] = [1, 0, 1, sizes[biggest] - 2]
    return sizes
