"""Requests and values through the guest's memory. On the console there is only a line that runs the request.

``WindowChannel`` uses memory that host and guest share: one large buffer takes all requests and results.
``MemoryChannel`` is for hosts that reach all memory of the guest: the guest allocates a small buffer, and large arrays
are written and read where they are.

The buffer begins with a header of uint32 in little-endian order; addresses are the guest's:

====== =====================================================================
offset content
====== =====================================================================
0      length of the request
4      length of the response
8      length of a question that the guest asks
12     length of its answer
16     how many questions the guest has asked
20     how many of them the host has answered
24     address of the request, or of memory that the guest has for a long answer
28     number of pieces
32     address of their table
64     what the host writes: requests and answers
half   what the guest writes, from half of the buffer's size on
====== =====================================================================

A piece is two uint32. In a request, it describes a block that the guest is to allocate: its typecode (0 for bytes) and
length, which the guest replaces by the block's address and length. In a response, it is the address and length of a
part of it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from mpy_harness.board import codec, guest_loader
from mpy_harness.board.channel import RUN, RUNTIME, Answer, Execute
from mpy_harness.board.codec import Block, Message
from mpy_harness.board.signs import Signs
from mpy_harness.errors import ConsoleGarbled, Untransferable
from mpy_harness.limits import ANSWER_BYTES, VALUE_BYTES, VALUE_PIECES
from mpy_harness.machines import GuestMemory, SharedWindow

_HEADER = 64
_FIELDS = struct.Struct("<9I")
_PIECE = struct.Struct("<II")
_ASKED, _ANSWER, _ANSWERED = 16, 12, 20
_BUFFER = 2176  # bytes of the guest's heap: most requests and results fit, and a debugger reads a half at once
_BLOCK = 256  # bytes from which on a block goes where it belongs and not through the buffer
_MOST_BLOCKS = 100
_TELL_HOME = b"print(" + RUNTIME + b".link.home)"
_PREPARE_SECONDS = 40.0  # a collection of garbage, on a chip that is emulated on a busy host


class _BufferChannel:
    # A buffer at an address of the guest, half of it for each direction.

    def __init__(self, memory: GuestMemory, execute: Execute, address: int = 0, size: int = 0) -> None:
        self._memory = memory
        self._execute = execute
        self._signs = Signs()
        self._place(address, size)

    def _place(self, address: int, size: int) -> None:
        self._address = address
        self._to_guest = address + _HEADER
        self._half = size // 2 - _HEADER
        self._from_guest = self._to_guest + self._half

    def needs_room(self, message: Message) -> bool:
        """Tell whether the guest has to allocate memory for a message, which does not fit into the buffer."""
        return message.size > self._half

    def request(self, message: Message, seconds: float) -> tuple[bytes, bytes]:
        """Run a request; return what the guest printed and the encoded result."""
        output = self._run(message, seconds)
        with self._memory.still():
            return output, self._result()

    def serve(self, answer: Answer) -> None:
        """Answer the guest's question. The number of answers is written last, because the guest waits for it."""
        with self._memory.still():
            _, _, size, _, asked, answered, room, _, _ = self._header()
            if asked == answered or size > self._half:
                return  # its memory is not what it was: nothing of it is believed
            self._reply(size, room, answer)
            self._memory.write(self._address + _ANSWERED, struct.pack("<I", asked))

    def _run(self, message: Message, seconds: float) -> bytes:
        # A collection of garbage takes what is in the buffer for addresses. The message is written after the guest has
        # collected, so that each run finds the same.
        return self._execute(RUN, seconds, self._writer(message), self._signs)

    def _writer(self, message: Message) -> Callable[[], None]:
        """Return a function that writes a message to the guest, to be called when the guest waits for it."""
        if self.needs_room(message):
            return self._make_room(message)
        data = message.joined()
        return lambda: self._announce(len(data), self._to_guest, data)

    def _make_room(self, message: Message) -> Callable[[], None]:
        raise NotImplementedError

    def _announce(self, size: int, place: int, data: bytes = b"", pieces: int = 0) -> None:
        header = _FIELDS.pack(size, 0, 0, 0, 0, 0, place, pieces, 0).ljust(_HEADER, b"\0")
        self._memory.write(self._address, header + data)

    def _header(self) -> tuple[int, ...]:
        return _FIELDS.unpack(self._memory.read(self._address, _FIELDS.size))

    def _result(self) -> bytes:
        size = self._header()[1]
        if not 0 < size <= self._half:
            raise ConsoleGarbled("the guest returned no value: its memory is corrupt")
        return self._memory.read(self._from_guest, size)

    def _reply(self, size: int, _room: int, answer: Answer) -> None:
        # What is larger than the window is refused: the guest raises OSError.
        self._put_reply(answer(self._memory.read(self._from_guest, size), self._half))

    def _put_reply(self, reply: bytes) -> None:
        self._memory.write(self._to_guest, reply)
        self._memory.write(self._address + _ANSWER, struct.pack("<I", len(reply)))


class WindowChannel(_BufferChannel):
    """Requests and values through memory that host and guest share."""

    def __init__(self, window: SharedWindow, execute: Execute) -> None:
        super().__init__(window, execute, window.address, len(window.memory))
        self._size = len(window.memory)

    def inject(self, code: bytes | None, imports: list[str] | None, signs: Signs) -> None:
        """Send and start the guest's program after a reset."""
        self._signs = signs
        if code is None:
            start = codec.encode([imports, signs.number]).joined()
            self._announce(len(start), self._to_guest, start)
            self._execute(guest_loader.START_IN_WINDOW, 10)
            return
        # The source of the loader comes through the window as well: the console takes 0.1 ms for a byte.
        data = b"bytes(u.bytearray_at(%d,%d))" % (self._to_guest, len(code))
        source = guest_loader.loader(data, f"Link({self._address},{self._size})", imports, signs)
        place = self._to_guest + len(code)
        run = f"import uctypes as u\nexec(u.bytearray_at({place},{len(source)}))\ndel u"
        self._execute(run.encode(), 10, lambda: self._announce(0, 0, code + source))

    def _run(self, message: Message, seconds: float) -> bytes:
        self._writer(message)()  # the window is no part of the heap, so it does not matter when the guest collects
        return self._execute(RUN, seconds, signs=self._signs)

    def _make_room(self, message: Message) -> Callable[[], None]:
        raise Untransferable(
            f"{message.size} bytes do not fit through the window ({self._half} bytes): pass them in parts"
        )


class MemoryChannel(_BufferChannel):
    """Requests and values through any memory of the guest."""

    def __init__(self, memory: GuestMemory, execute: Execute) -> None:
        super().__init__(memory, execute)
        self._waiting: bytes | None = None  # an answer for which the guest allocates memory

    def inject(self, code: bytes | None, imports: list[str] | None, signs: Signs) -> None:
        """Send the guest's program after a reset, into memory that the guest allocates for it, and start it."""
        self._signs = signs
        link = f"MemoryLink({_BUFFER})"
        if code is None:
            home = self._execute(guest_loader.starter(link, imports, signs) + _TELL_HOME, 30)
        else:
            home = self._load(code, guest_loader.loader(b"D", link, imports, signs))
        self._place(_numbers(home, 1)[0], _BUFFER)
        self._waiting = None

    def _load(self, code: bytes, source: bytes) -> bytes:
        allocate = f"D=bytes({len(code)});S=bytes({len(source)})"
        where = f"import uctypes as u\n{allocate}\nprint(u.addressof(D),u.addressof(S))"
        places = _numbers(self._execute(where.encode(), 30), 2)

        def write() -> None:
            with self._memory.still():
                for address, data in zip(places, (code, source), strict=True):
                    self._memory.write(address, data)

        return self._execute(b"exec(S)\ndel u,S\n" + _TELL_HOME, 30, write)

    def _make_room(self, message: Message) -> Callable[[], None]:
        data, blocks = message.apart(_BLOCK, _MOST_BLOCKS)
        is_long = len(data) > self._half
        if is_long:
            blocks.append(Block("B", data))
        table = b"".join(_PIECE.pack(ord(block.typecode or "\0"), len(block.data)) for block in blocks)
        prepare = RUNTIME + b".link.prepare()"
        self._execute(prepare, _PREPARE_SECONDS, lambda: self._announce(0, 0, table, len(blocks)))

        def write() -> None:
            with self._memory.still():
                places = [place for place, _ in _PIECE.iter_unpack(self._memory.read(self._to_guest, len(table)))]
                for block, place in zip(blocks, places, strict=True):
                    self._memory.write(place, block.data)
                if is_long:
                    self._announce(len(data), places[-1])
                else:
                    self._announce(len(data), self._to_guest, data)

        return write

    def _result(self) -> bytes:
        _, _, _, _, _, _, _, count, table = self._header()
        if not count:
            return super()._result()
        if count > VALUE_PIECES:
            raise ConsoleGarbled("the guest returned no value: its memory is corrupt")
        pieces = list(_PIECE.iter_unpack(self._memory.read(table, count * _PIECE.size)))
        if sum(size for _, size in pieces) > VALUE_BYTES:
            raise ConsoleGarbled(
                f"the guest returned a value of more than {VALUE_BYTES >> 20} MiB: its memory is corrupt"
            )
        return b"".join(self._memory.read(address, size) for address, size in pieces)

    def _reply(self, size: int, room: int, answer: Answer) -> None:
        if size == 0 and self._waiting is not None:
            self._memory.write(room, self._waiting)
            self._waiting = None
            return
        reply = answer(self._memory.read(self._from_guest, size), ANSWER_BYTES)
        self._waiting = None
        if len(reply) <= self._half:
            self._put_reply(reply)
            return
        # The answer without its first byte, "+". When the guest has allocated memory, it asks again, an empty question.
        self._waiting = reply[1:]
        self._memory.write(self._address + _ANSWER, struct.pack("<I", len(reply)))


def _numbers(printed: bytes, count: int) -> list[int]:
    words = printed.split()
    if len(words) != count or not all(word.isdigit() for word in words):
        raise ConsoleGarbled(f"the guest did not tell where its memory is: {printed[:80]!r}")
    return [int(word) for word in words]
