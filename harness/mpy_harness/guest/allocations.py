# What a program takes of heap and stack. The firmware counts that (board_memory.c of the targets' C code), from one
# collection of garbage to the next.
#
# Runs on MicroPython, as a part of one program: see common.py.

_FIGURES = ("state", "skip", "allocations", "allocated", "start", "used", "peak", "largest_free", "stack")
# States of the firmware's counter (board_memory.c).
_WATCH_BEGIN = 1
_WATCH_END = 3
_WATCH_LOOK = 4
_USED = const(20)  # where "used" is among the figures


def _nothing():
    pass


def _collected(function, args, kwargs):
    gc.collect()
    return function(*args, **kwargs)


class Watch:
    def __init__(self, address):
        self.memory = uctypes.struct(address, {n: 4 * i | uctypes.UINT32 for i, n in enumerate(_FIGURES)})
        self.state = uctypes.bytearray_at(address, 1)
        # Calling a program takes allocations, too: as many as calling one that does nothing. The firmware skips them.
        self.skips = {}
        for kind, how in (exec, "exec"), (eval, "eval"), (_nothing, ""):
            self.watch(_collected, kind, (compile("0", "", how), {}) if how else (), {}, 0)
            self.skips[kind] = self.memory.allocations

    def watched(self, function, args, kwargs, counting):
        kind = function if function is exec or function is eval else _nothing
        return self.watch(counted if counting else _collected, function, args, kwargs, self.skips[kind])

    def watch(self, call, function, args, kwargs, skip):
        self.memory.skip = skip
        state = self.state
        state[0] = _WATCH_BEGIN
        try:
            return call(function, args, kwargs)
        finally:
            state[0] = _WATCH_END
            []  # noqa: B018 - this allocation ends it

    def figures(self):
        return [getattr(self.memory, name) for name in _FIGURES[2:]]


def heap_in_use(memory):
    # `memory` is where the firmware has its counter, which looks at sixteen blocks of the heap at once, or 0.
    # gc.mem_alloc() looks at each: milliseconds, where the heap is large.
    if memory:
        uctypes.bytearray_at(memory, 1)[0] = _WATCH_LOOK
    gc.collect()
    return struct.unpack("<I", uctypes.bytearray_at(memory + _USED, 4))[0] if memory else gc.mem_alloc()


def heap_of(memory, create, args, count):
    # Returns what is in use with one object, and with `count` more.
    objects = [None] * (count + 1)
    objects[0] = create(*args)
    one = heap_in_use(memory)
    for i in range(1, count + 1):
        objects[i] = create(*args)
    return one, heap_in_use(memory)


def rounds_of(create, args, use, delete, rounds):
    for _ in range(rounds):
        thing = create(*args)
        if use is not None:
            use(thing)
        if delete is not None:
            delete(thing)


def leak_of(memory, create, args, others, rounds):
    # Returns what stays in use after so many rounds. One round comes before them: it may set up what is kept for good.
    # `others` are the functions that use and delete an object.
    rounds_of(create, args, *others, 1)
    before = heap_in_use(memory)
    rounds_of(create, args, *others, rounds)
    return heap_in_use(memory) - before
