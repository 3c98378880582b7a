# The guest's half of a board. It runs on MicroPython, is sent after every (soft) reset and lives in
# builtins as `_mpyh`, so that it leaves no name in the program's own namespace.
#
# Values travel as board/codec.py describes. A link carries them: memory that the host reaches as well, or, where
# there is none, base64 text over the REPL.

# All imports come before the file system is mounted: an import looks for a file first, which asks the
# host, which must not need another import.
import array
import binascii
import builtins
import gc
import os
import struct
import sys
import uctypes

_ASK = "\x0e"
_PLANS = ("exec", "eval", "call", "script")


_FIELDS = ("request", "response", "ask", "answer", "asked", "answered", "at", "pieces", "table")


class Link:
    # A buffer that the host reaches. Layout: board/memory_channel.py.
    def __init__(self, address, size):
        self.control = uctypes.struct(address, {n: 4 * i | uctypes.UINT32 for i, n in enumerate(_FIELDS)})
        self.home = address
        self.address = address + 64
        self.half = size // 2 - 64
        self.out = self.address + self.half

    def request(self):
        return self.control.at, self.control.request

    def begin(self, value):
        self.used = 0

    def put(self, data):
        size = len(data)
        if self.used + size > self.half:
            raise MemoryError("value larger than the window")
        # Exactly as long as the data: assigning to a slice would move all that follows in the window.
        uctypes.bytearray_at(self.out + self.used, size)[:] = data
        self.used += size

    def end(self):
        self.control.response = self.used

    def ask(self, data):
        # None: the host has no such thing.
        size = len(data)
        if size > self.half:
            return None
        uctypes.bytearray_at(self.out, size)[:] = data
        self.turn(size)
        size = self.control.answer
        if size > self.half:
            answer = room(0, size - 1)
            self.control.at = uctypes.addressof(answer)
            self.turn(0)
            return answer
        answer = uctypes.bytearray_at(self.address, size)
        return bytes(memoryview(answer)[1:]) if answer[0] == 0x2B else None

    def turn(self, size):
        c = self.control
        c.ask = size
        turn = c.asked + 1 & 0xFFFFFFFF
        c.asked = turn
        sys.stdout.write(_ASK)
        mark_pause()  # how long the host takes is not the program's work
        while c.answered != turn:
            pass
        mark_resume()


class MemoryLink(Link):
    # The host reaches all memory: large data stays where it is, or is written where it belongs.
    rooms = ()

    def __init__(self, size):
        self.buffer = bytearray(size)
        super().__init__(uctypes.addressof(self.buffer), size)

    def prepare(self):
        self.value = self.kept = self.table = None
        self.rooms = []
        for at in range(self.address, self.address + 8 * self.control.pieces, 8):
            piece = uctypes.struct(at, {"place": 0 | uctypes.UINT32, "size": 4 | uctypes.UINT32})
            self.rooms.append(room(piece.place, piece.size))
            piece.place = uctypes.addressof(self.rooms[-1])

    def request(self):
        self.value = self.kept = self.table = None
        return super().request()

    def begin(self, value):
        self.value = value  # lives until the host has read it
        self.kept = []
        self.table = array.array("I")
        self.page = self.out
        self.used = self.first = 0

    def put(self, data):
        size = len(data)
        if size >= 256:
            self.close()
            self.kept.append(data)
            self.table.append(uctypes.addressof(data))
            self.table.append(size)
            return
        if self.used + size > self.half:
            self.close()
            self.kept.append(bytearray(self.half))
            self.page = uctypes.addressof(self.kept[-1])
            self.used = self.first = 0
        uctypes.bytearray_at(self.page + self.used, size)[:] = data
        self.used += size

    def close(self):
        if self.used > self.first:
            self.table.append(self.page + self.first)
            self.table.append(self.used - self.first)
            self.first = self.used

    def end(self):
        if self.kept:
            self.close()
            self.control.table = uctypes.addressof(self.table)
        self.control.pieces = len(self.table) // 2
        self.control.response = self.used


def room(code, size):
    # Bytes, or an array of that typecode, into which the host writes; nothing is copied.
    if not code:
        data = bytes(size)
        uctypes.bytearray_at(id(data) + 4, 4)[:] = b"\0\0\0\0"  # of the content to come no hash is known (py/objstr.h)
        return data
    # An array is a bytearray of another type and typecode (py/objarray.h); making one otherwise takes its size twice.
    data = bytearray(size)
    head = uctypes.struct(id(data), {"type": 0 | uctypes.UINT32, "code": 4 | uctypes.UINT8, "len": 8 | uctypes.UINT32})
    head.len = size // struct.calcsize(chr(code))
    head.code = code
    head.type = id(array.array)
    return data


class ReplLink:
    def __init__(self):
        self.received = bytearray()
        self.out = bytearray()

    def feed(self, text):
        self.received.extend(binascii.a2b_base64(text))

    def request(self):
        self.taken = self.received
        self.received = bytearray()
        return uctypes.addressof(self.taken), len(self.taken)

    def begin(self, value):
        self.taken = None
        self.out = bytearray()

    def put(self, data):
        self.out.extend(data)

    def end(self):
        pass

    def show(self):
        view = memoryview(self.out)
        for at in range(0, len(view), 3072):
            sys.stdout.write(binascii.b2a_base64(view[at : at + 3072]))
        self.out = bytearray()

    def ask(self, data):
        sys.stdout.write(_ASK + "?")
        sys.stdout.write(binascii.b2a_base64(data))
        answer = binascii.a2b_base64(sys.stdin.readline())
        return answer[1:] if answer[0] == 0x2B else None


class Exited(Exception):
    # SystemExit would end the raw REPL; the host knows this one by its name (board/tracebacks.py).
    pass


class Held:
    # A value that shall stay here and be passed on by reference.
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

    # --- values -----------------------------------------------------------------------------

    def decode(self):
        at = self.at
        tag = self.buffer[at]
        at += 1
        if tag == 0x4E or tag == 0x54 or tag == 0x46:
            self.at = at
            return None if tag == 0x4E else tag == 0x54
        if tag == 0x69 or tag == 0x66:
            self.at = at + 8
            return struct.unpack_from("<q" if tag == 0x69 else "<d", self.buffer, at)[0]
        if tag == 0x61:
            code = chr(self.buffer[at])
            size = struct.unpack_from("<I", self.buffer, at + 1)[0]
            self.at = at + 5 + size
            return array.array(code, uctypes.bytearray_at(self.base + at + 5, size))
        size = struct.unpack_from("<I", self.buffer, at)[0]
        at += 4
        self.at = at
        if tag == 0x72:
            return self.objects[size]
        if tag == 0x6F:
            return self.link.rooms[size]
        if tag == 0x73 or tag == 0x62 or tag == 0x49:
            self.at = at + size
            data = uctypes.bytearray_at(self.base + at, size)
            return bytes(data) if tag == 0x62 else str(data, "utf8") if tag == 0x73 else int(str(data, "utf8"), 16)
        if tag == 0x64:
            # One after the other: MicroPython evaluates a display's value before its key.
            items = [self.decode() for _ in range(2 * size)]
            return dict(zip(items[::2], items[1::2]))
        items = [self.decode() for _ in range(size)]
        if tag == 0x6C:
            return items
        return tuple(items) if tag == 0x74 else set(items) if tag == 0x65 else frozenset(items)

    def encode(self, v):
        put = self.link.put
        if v is None or v is True or v is False:
            put(b"N" if v is None else b"T" if v else b"F")
        elif isinstance(v, int):
            if -0x8000000000000000 <= v <= 0x7FFFFFFFFFFFFFFF:
                put(struct.pack("<Bq", 0x69, v))
            else:
                self.sized(0x49, ("%x" % v).encode())
        elif isinstance(v, float):
            put(struct.pack("<Bd", 0x66, v))
        elif isinstance(v, str):
            self.sized(0x73, v.encode())
        elif isinstance(v, (bytes, bytearray)):
            self.sized(0x62, v)
        elif isinstance(v, (array.array, memoryview)) and self.typecode(v) in b"bBhHiIlLqQfd\1":
            code = self.typecode(v)
            data = v if code == 0x42 or code == 1 else self.octets(v)
            put(struct.pack("<BBI", 0x61, code, len(data)))
            put(data)
        elif isinstance(v, dict):
            put(struct.pack("<BI", 0x64, len(v)))
            for key, item in v.items():
                self.encode(key)
                self.encode(item)
        elif isinstance(v, (list, tuple, set, frozenset)):
            tag = 0x6C if isinstance(v, list) else 0x74 if isinstance(v, tuple) else 0x65 if isinstance(v, set) else 0x45
            put(struct.pack("<BI", tag, len(v)))
            for item in v:
                self.encode(item)
        else:
            put(struct.pack("<BI", 0x72, self.keep(v.value if isinstance(v, Held) else v)))

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

    # --- requests ---------------------------------------------------------------------------

    def __call__(self):
        self.base, size = self.link.request()
        self.buffer = uctypes.bytearray_at(self.base, size)
        self.at = 0
        released, what, arguments, watching = self.decode()
        counting = watching & 3
        self.base = self.buffer = self.link.rooms = None  # what a request leaves takes room that the next one then has not
        # Function objects stay where they are until the host has asked for their names.
        self.collects[0] = counting != 2
        for number in released:
            self.objects.pop(number, None)
        try:
            if what not in _PLANS:
                result = getattr(self, "do_" + what)(*arguments)
            else:
                function, args, kwargs = getattr(self, "plan_" + what)(*arguments)
                if watching & 4:
                    result = self.watch.watched(function, args, kwargs, counting)
                else:
                    result = counted(function, args, kwargs) if counting else function(*args, **kwargs)
                if what == "script":
                    result = 0
        except SystemExit as error:
            result = error.args[0] if error.args else 0
            if what != "script":
                raise Exited(result)
        finally:
            mark_start(b"", 3)  # ends regions that a program left open
        self.link.begin(result)
        self.encode(result)
        self.link.end()
        if counting == 1 or what in ("calibrate", "names"):
            # What is counted next shall not depend on whether the host asked in between.
            result = arguments = function = args = kwargs = None
            gc.collect()

    # Plans say what of the program's to call with what: that alone is counted, not what it takes to get there.

    def plan_exec(self, source, name):
        return exec, (compile(source, name, "exec"), self.main), {}

    def plan_eval(self, expression):
        return eval, (compile(expression, "<eval>", "eval"), self.main), {}

    def plan_call(self, target, attribute, args, kwargs):
        target = self.evaluated(target)
        if attribute:
            target = getattr(target, attribute)
        return target, args, kwargs

    def plan_script(self, path, name, function, arguments, first):
        # A script as a whole (function None) or one function of it; `first` are folders to import from before its own.
        sys.argv[:] = [path] + arguments
        sys.path[:0] = first + [path[: path.rfind("/")] or "/"]
        if function is not None:
            return getattr(__import__(name), function), (), {}
        with open(path) as file:
            source = file.read()
        self.main["__file__"] = path
        return exec, (compile(source, path, "exec"), self.main), {}

    def do_calibrate(self, collects):
        if collects:  # the firmware's variable, not 0: collect garbage before each request
            self.collects = uctypes.bytearray_at(collects, 1)
            self.collects[0] = 1
        calibrate()

    def do_watch(self, address):
        self.watch = Watch(address)

    def do_look(self):
        # What is in use is known when this request is forgotten.
        self.watch.state[0] = _WATCH_LOOK

    def do_figures(self):
        return self.watch.figures()

    def do_heap(self):
        return heap_in_use()

    def do_heap_of(self, create, args, count):
        return heap_of(self.evaluated(create), args, count)

    def do_leak_of(self, create, args, use, delete, rounds):
        use, delete = [None if f is None else self.evaluated(f) for f in (use, delete)]
        return leak_of(self.evaluated(create), args, use, delete, rounds)

    def evaluated(self, target):
        return eval(target, self.main) if isinstance(target, str) else target

    def do_names(self, objects, types, heap):
        return [name_of(address, types) if is_alive(address, heap) else "" for address in objects]

    def do_hold(self, value):
        return Held(value)

    def do_get(self, value):
        return value

    def do_import(self, name, folder):
        sys.modules.pop(name, None)
        before = heap_in_use()
        if folder:
            sys.path.insert(0, folder)
        try:
            module = __import__(name)
        finally:
            if folder:
                sys.path.remove(folder)
        return module, getattr(module, "__file__", None), heap_in_use() - before

    # --- files ------------------------------------------------------------------------------

    def do_write(self, path, data):
        at = ""
        for part in path.strip("/").split("/")[:-1]:
            at += "/" + part
            try:
                os.mkdir(at)
            except OSError as error:
                if error.errno != 17:
                    raise
        with open(path, "wb") as file:
            file.write(data)

    def do_read(self, path):
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            if not size:
                return b""
            data = room(0, size)  # read() would take more than twice as much on its way
            file.readinto(uctypes.bytearray_at(uctypes.addressof(data), size))
        return data

    def do_list(self, path):
        return [(e[0], bool(e[1] & 0x4000)) for e in os.ilistdir(path)]


def start(link, imports):
    # In builtins, so that the program's own names stay its own and a request is a few bytes long.
    builtins._mpyh = Runtime(link)
    sys.modules["harness_mark"] = _Module
    # `imports` lists folders of the host to import from, or is None: the host offers no files at all.
    flash = mounted()
    if flash is None:
        os.mount(Files(None if imports is None else link.ask), "/")
    else:
        if imports is not None:
            os.mount(FlashFiles(link.ask, flash), "/")
        for place in ("/natmods", "/python"):  # what the host loads modules from: flash is slow
            os.mount(Files(None), place)
    sys.path[:0] = imports or ()
