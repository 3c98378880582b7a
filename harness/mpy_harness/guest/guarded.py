# Calls with guard bytes around outputs and collections in between: board/guarded.py.
import array, gc, harness_mark, hashlib, struct

JUNK = [b"\xa5" * size for size in (4096, 1024, 256, 64, 16)]


class Uncounted:
    def __enter__(self):
        pass

    def __exit__(self, *error):
        pass


class Guarded:
    def __init__(self, code, n):
        self.edge = b"\xa5" * (8 * struct.calcsize(code))
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
    # In steps: all at once takes twice the memory.
    made = array.array(code)
    step = bytes(64 * struct.calcsize(code))
    for _ in range(n // 64):
        made.extend(array.array(code, step))
    made.extend(array.array(code, bytes(n % 64 * struct.calcsize(code))))
    return made


def digest(data):
    return hashlib.sha256(data).digest()


def collect():
    # What is unreachable is freed and overwritten.
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
    # The argument ... is the output: n items, filled or 0.
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
