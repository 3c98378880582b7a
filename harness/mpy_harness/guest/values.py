# Values on their way between host and guest, exact to the bit. board/codec.py describes the format.
#
# Runs on MicroPython, as a part of one program: see common.py.
# The class Runtime begins here and goes on in requests.py.

# Each value begins with a tag. The compiler puts the numbers in place of these names, so that they cost nothing.
_NONE = const(0x4E)  # N
_TRUE = const(0x54)  # T
_FALSE = const(0x46)  # F
_INT = const(0x69)  # i
_LONG = const(0x49)  # I
_FLOAT = const(0x66)  # f
_STR = const(0x73)  # s
_BYTES = const(0x62)  # b
_LIST = const(0x6C)  # l
_TUPLE = const(0x74)  # t
_SET = const(0x65)  # e
_FROZENSET = const(0x45)  # E
_DICT = const(0x64)  # d
_ARRAY = const(0x61)  # a
_OBJECT = const(0x72)  # r
_ROOM = const(0x6F)  # o
# Typecodes of arrays whose content is bytes already; the second is a bytearray's own (py/objarray.h).
_UINT8 = const(0x42)
_BYTEARRAY = const(1)


class Exited(Exception):
    # In place of SystemExit, which would end the raw REPL. The host knows this name (board/tracebacks.py).
    pass


class Held:
    # A value that stays here and is passed to the host by reference.
    def __init__(self, value):
        self.value = value


class Runtime:
    def __init__(self, link):
        self.link = link
        self.objects = {}
        self.next = 1
        self.collects = bytearray(1)
        import __main__

        self.main = __main__.__dict__

    def decode(self):
        at = self.at
        tag = self.buffer[at]
        at += 1
        if tag == _NONE or tag == _TRUE or tag == _FALSE:
            self.at = at
            return None if tag == _NONE else tag == _TRUE
        if tag == _INT or tag == _FLOAT:
            self.at = at + 8
            return struct.unpack_from("<q" if tag == _INT else "<d", self.buffer, at)[0]
        if tag == _ARRAY:
            code = chr(self.buffer[at])
            size = struct.unpack_from("<I", self.buffer, at + 1)[0]
            self.at = at + 5 + size
            return array.array(code, uctypes.bytearray_at(self.base + at + 5, size))
        size = struct.unpack_from("<I", self.buffer, at)[0]
        at += 4
        self.at = at
        if tag == _OBJECT:
            return self.objects[size]
        if tag == _ROOM:
            return self.link.rooms[size]
        if tag == _STR or tag == _BYTES or tag == _LONG:
            self.at = at + size
            data = uctypes.bytearray_at(self.base + at, size)
            return bytes(data) if tag == _BYTES else str(data, "utf8") if tag == _STR else int(str(data, "utf8"), 16)
        items = []  # no comprehension: for its sake, each call would put `self` on the heap
        for _ in range(2 * size if tag == _DICT else size):
            items.append(self.decode())  # noqa: PERF401
        if tag == _DICT:
            # No dict display here: MicroPython evaluates its values before their keys.
            return dict(zip(items[::2], items[1::2]))
        if tag == _LIST:
            return items
        return tuple(items) if tag == _TUPLE else set(items) if tag == _SET else frozenset(items)

    def encode(self, v):
        put = self.link.put
        if v is None or v is True or v is False:
            put(b"N" if v is None else b"T" if v else b"F")
        elif isinstance(v, int):
            if -0x8000000000000000 <= v <= 0x7FFFFFFFFFFFFFFF:
                put(struct.pack("<Bq", _INT, v))
            else:
                self.sized(_LONG, ("%x" % v).encode())
        elif isinstance(v, float):
            put(struct.pack("<Bd", _FLOAT, v))
        elif isinstance(v, str):
            self.sized(_STR, v.encode())
        elif isinstance(v, (bytes, bytearray)):
            self.sized(_BYTES, v)
        elif isinstance(v, (array.array, memoryview)) and self.typecode(v) in b"bBhHiIlLqQfd\1":
            code = self.typecode(v)
            data = v if code == _UINT8 or code == _BYTEARRAY else self.octets(v)
            put(struct.pack("<BBI", _ARRAY, code, len(data)))
            put(data)
        elif isinstance(v, dict):
            put(struct.pack("<BI", _DICT, len(v)))
            for key, item in v.items():
                self.encode(key)
                self.encode(item)
        elif isinstance(v, (list, tuple, set, frozenset)):
            a_set = _SET if isinstance(v, set) else _FROZENSET
            tag = _LIST if isinstance(v, list) else _TUPLE if isinstance(v, tuple) else a_set
            put(struct.pack("<BI", tag, len(v)))
            for item in v:
                self.encode(item)
        else:
            put(struct.pack("<BI", _OBJECT, self.keep(v.value if isinstance(v, Held) else v)))

    def sized(self, tag, data):
        self.link.put(struct.pack("<BI", tag, len(data)))
        self.link.put(data)

    def typecode(self, v):
        # An array's and a memoryview's typecode is in the second word of the object; a memoryview
        # sets a high bit there for "writable".
        return uctypes.bytearray_at(id(v) + 4, 1)[0] & 0x7F

    def octets(self, v):
        size = len(v) * struct.calcsize(chr(self.typecode(v))) if len(v) else 0
        return uctypes.bytearray_at(uctypes.addressof(v), size)

    def keep(self, v):
        number = self.next
        self.next += 1
        self.objects[number] = v
        return number
