# What the guest has to do with counting: the module `harness_mark` for any script, the region around a
# request, and names of functions.
#
# A byte before the name says what surrounds the marks, because that much has to be taken off the count:
# 1 the host's request (3 ends all that is open), 2 `with`, 5 and 6 calls from native and viper code, 7 and 8 `with`
# in such code, 0 for none: calls from bytecode. The name is added to "" because the marks take it for a string.


class region:
    def __init__(self, name=""):
        self.name = name + ""

    # The marks are arguments because a global's lookup does not always take the same time.
    def __enter__(self, start=mark_start, kind=2):
        start(self.name, kind)
        return self

    def __exit__(self, kind, error, traceback, stop=mark_stop):
        stop()


class _NativeRegion(region):
    def __enter__(self, start=mark_start, kind=7):
        start(self.name, kind)
        return self


class _ViperRegion(region):
    def __enter__(self, start=mark_start, kind=8):
        start(self.name, kind)
        return self


def begin(name="", start=mark_start, kind=0):
    start(name + "", kind)


class _From:
    def __init__(self, kind, region):
        self.kind = kind
        self.region = region
        self.stop = mark_stop

    def start(self, name=""):
        begin(name, mark_start, self.kind)


class _Module:
    start = begin
    stop = mark_stop
    region = region
    native = _From(5, _NativeRegion)
    viper = _From(6, _ViperRegion)


if sys.platform == "esp32":
    # FreeRTOS: begin behind one of its ticks, so that interrupts come at the same instructions each time. What they
    # leave on the stack is what a collection of garbage may find there.
    import select

    _input = select.poll()
    _input.register(sys.stdin, select.POLLIN)

    def settle():
        for _ in _input.ipoll(1):
            pass

else:

    def settle():
        pass


# b"" because finding the bytes of "" takes longer the more names there are.
def counted(function, args, kwargs):
    mark = mark_start
    settle()
    gc.collect()
    try:
        mark(b"", 1)
        result = function(*args, **kwargs)
    finally:
        mark(b"", 3)
    return result


def empty_request():
    mark = mark_start
    try:
        mark(b"", 1)
    finally:
        mark(b"", 3)


def empty_with(region):
    with region():
        pass


def empty_calls(begin, end):
    begin("")
    end()


# Where the emitter is missing, those of bytecode stand in.
empty_native = empty_viper = empty_calls
empty_native_with = empty_viper_with = empty_with


def calibrate():
    # One region of each kind with nothing in it; the host takes them off.
    empty_request()
    empty_with(region)
    empty_calls(begin, mark_stop)
    empty_native(_Module.native.start, mark_stop)
    empty_native_with(_NativeRegion)
    empty_viper(_Module.viper.start, mark_stop)
    empty_viper_with(_ViperRegion)


def is_alive(address, heap):
    # What the collector has freed may be half overwritten. It knows two bits of each block of 16 bytes, which
    # are 1 for an object's first (py/gc.c). Without the board's help: hope.
    if not heap:
        return True
    table, pool, end = struct.unpack("<3I", uctypes.bytearray_at(heap, 12))
    block = address - pool >> 4
    return not pool <= address < end or uctypes.bytearray_at(table + (block >> 2), 1)[0] >> 2 * (block & 3) & 3 == 1


def name_of(address, types):
    # The name of the function object at an address, "" if there is none (any more).
    word = uctypes.struct(address, {"type": 0 | uctypes.UINT32, "function": 8 | uctypes.UINT32})
    if word.type == types[0]:  # a running generator: its function's object is a field of it
        address = word.function
        word = uctypes.struct(address, {"type": 0 | uctypes.UINT32})
    if word.type not in types:
        return ""
    cell = [None]
    items = uctypes.struct(id(cell), {"items": 12 | uctypes.UINT32}).items
    uctypes.struct(items, {"item": 0 | uctypes.UINT32}).item = address
    try:
        return cell[0].__name__
    except AttributeError:
        pass
    import __main__

    for names in [globals(), __main__.__dict__] + [sys.modules.get(name).__dict__ for name in sys.modules]:
        for name, value in names.items():
            if value is cell[0]:
                return name
    return ""
