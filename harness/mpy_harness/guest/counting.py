# The guest's part of counting: the module `harness_mark` for any script, the region around a request, and names of
# functions.
#
# Runs on MicroPython, as a part of one program: see common.py.
#
# A byte before a region's name tells its kind. What surrounds the marks is executed inside the region, and the host
# takes it off the count, which is another number for each kind. `name + ""` makes sure that a name is a string: the
# marks read its bytes.


class region:
    def __init__(self, name=""):
        self.name = name + ""

    # The marks are default arguments because the lookup of a global does not always take the same time.
    def __enter__(self, start=mark_start, kind=_WITH):
        start(self.name, kind)
        return self

    def __exit__(self, kind, error, traceback, stop=mark_stop):
        stop()


class _NativeRegion(region):
    def __enter__(self, start=mark_start, kind=_NATIVE_WITH):
        start(self.name, kind)
        return self


class _ViperRegion(region):
    def __enter__(self, start=mark_start, kind=_VIPER_WITH):
        start(self.name, kind)
        return self


def begin(name="", start=mark_start, kind=_BARE):
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
    native = _From(_NATIVE, _NativeRegion)
    viper = _From(_VIPER, _ViperRegion)


# What a request that is counted waits for first; the machine says which (firmware/guest_program.py). After a tick of
# the operating system, interrupts come at the same instructions each time. That matters although they are not counted:
# a collection of garbage looks for addresses in what they leave on the stack.
if _SETTLE == "after_tick":
    import select

    _input = select.poll()
    _input.register(sys.stdin, select.POLLIN)

    def settle():
        for _ in _input.ipoll(1):
            pass

else:

    def settle():
        pass


# The name is b"" because MicroPython finds the bytes of "" the later the more names there are.
def counted(function, args, kwargs):
    mark = mark_start
    settle()
    gc.collect()
    try:
        mark(b"", _REQUEST)
        result = function(*args, **kwargs)
    finally:
        mark(b"", _END_OF_REQUEST)
    return result


def empty_request():
    mark = mark_start
    try:
        mark(b"", _REQUEST)
    finally:
        mark(b"", _END_OF_REQUEST)


def empty_with(region):
    with region():
        pass


def empty_calls(begin, end):
    begin("")
    end()


# Where MicroPython cannot emit native code: empty_native.py is left out then, and these stand in for its functions.
empty_native = empty_viper = empty_calls
empty_native_with = empty_viper_with = empty_with


def calibrate():
    # Marks one region of each kind with nothing in it, for the host to take off the others.
    empty_request()
    empty_with(region)
    empty_calls(begin, mark_stop)
    empty_native(_Module.native.start, mark_stop)
    empty_native_with(_NativeRegion)
    empty_viper(_Module.viper.start, mark_stop)
    empty_viper_with(_ViperRegion)


def is_alive(address, heap):
    # Returns whether there is an object at an address: memory that has been freed may be half overwritten. The heap has
    # two bits for each block of 16 bytes, which are 1 for the first block of an object (py/gc.c). A firmware that does
    # not tell where its heap is (0) gets the benefit of the doubt.
    if not heap:
        return True
    table, pool, end = struct.unpack("<3I", uctypes.bytearray_at(heap, 12))
    block = address - pool >> 4
    return not pool <= address < end or uctypes.bytearray_at(table + (block >> 2), 1)[0] >> 2 * (block & 3) & 3 == 1


def name_of(address, types):
    # Returns the name of the function object at an address, "" where there is none or no longer one.
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
