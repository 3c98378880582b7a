# Links: how requests reach the guest and results come back. They travel through memory that the host reaches as well,
# or, where there is none, as base64 text over the REPL. In the middle of a request a link asks the host questions.
#
# Runs on MicroPython, as a part of one program: see common.py.

_FOUND = const(0x2B)  # "+": what the host's answer begins with where there is one
_HEADER = const(64)
_BLOCK = const(256)  # bytes from which on data does not go through the buffer
_CHUNK = const(3072)  # bytes in a line of base64

_FIELDS = ("request", "response", "ask", "answer", "asked", "answered", "at", "pieces", "table")


class Link:
    # A buffer that the host reaches. board/memory_channel.py describes its layout.
    asks_by = b";"  # board/signs.py

    def __init__(self, address, size):
        self.control = uctypes.struct(address, {n: 4 * i | uctypes.UINT32 for i, n in enumerate(_FIELDS)})
        self.home = address
        self.address = address + _HEADER
        self.half = size // 2 - _HEADER
        self.out = self.address + self.half

    def request(self):
        return self.control.at, self.control.request

    def begin(self, value):
        self.used = 0

    def put(self, data):
        size = len(data)
        if self.used + size > self.half:
            raise MemoryError("value larger than the window")
        # A view that is exactly as long as the data. With a slice of a longer one, all that follows would be moved.
        uctypes.bytearray_at(self.out + self.used, size)[:] = data
        self.used += size

    def end(self):
        self.control.response = self.used

    def ask(self, data):
        # Returns None where the host has no such thing.
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
        return bytes(memoryview(answer)[1:]) if answer[0] == _FOUND else None

    def turn(self, size):
        c = self.control
        c.ask = size
        turn = c.asked + 1 & 0xFFFFFFFF
        c.asked = turn
        mark_pause()  # what is executed while the host is busy does not count as the program's work
        sys.stdout.write(self.ask_sign)
        while c.answered != turn:
            pass
        mark_resume()


class MemoryLink(Link):
    # The host reaches all memory. It reads large data where that is, and writes it where it belongs.
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
        self.value = value  # kept until the host has read it
        self.kept = []
        self.table = array.array("I")
        self.page = self.out
        self.used = self.first = 0

    def put(self, data):
        size = len(data)
        if size >= _BLOCK:
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
    # Returns bytes (code 0), or an array of that typecode, into which the host writes. Nothing is copied.
    if not code:
        data = bytes(size)
        uctypes.bytearray_at(id(data) + 4, 4)[:] = b"\0\0\0\0"  # its hash is not known yet (py/objstr.h)
        return data
    # An array is a bytearray of another type and typecode (py/objarray.h). Any other way to make one takes twice the
    # memory.
    data = bytearray(size)
    head = uctypes.struct(id(data), {"type": 0 | uctypes.UINT32, "code": 4 | uctypes.UINT8, "len": 8 | uctypes.UINT32})
    head.len = size // struct.calcsize(chr(code))
    head.code = code
    head.type = id(array.array)
    return data


class ReplLink:
    asks_by = b"?"

    def __init__(self):
        self.received = bytearray()
        self.out = bytearray()

    def feed(self, at, data, check):
        # A part of a request: its place, its bytes and their CRC, because a line may lose some.
        if not at:
            self.received = bytearray()
        if at != len(self.received) or binascii.crc32(data) != check:
            raise ValueError
        self.received.extend(data)

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
        for at in range(0, len(view), _CHUNK):
            sys.stdout.write(binascii.b2a_base64(view[at : at + _CHUNK]))
        sys.stdout.write("%x" % binascii.crc32(view))
        self.out = bytearray()

    def ask(self, data):
        # Question and answer have their CRC before them.
        question = binascii.b2a_base64(struct.pack("<I", binascii.crc32(data)) + data)
        for _ in range(3):
            sys.stdout.write(self.ask_sign)
            sys.stdout.write(question)
            try:
                answer = binascii.a2b_base64(sys.stdin.readline())
                if struct.pack("<I", binascii.crc32(answer[4:])) == answer[:4]:
                    return answer[5:] if answer[4] == _FOUND else None
            except ValueError:
                pass
        raise OSError(errno.EIO)
