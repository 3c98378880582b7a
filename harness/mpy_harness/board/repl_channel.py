"""Requests and values as text through the raw REPL, for boards whose memory the host does not reach.

Requests travel as they are, in a bytes literal of source text, results as base64. Each part has a CRC: a serial line
may lose bytes, and a test must not fail or pass by that.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib

from mpy_harness.board import guest_loader
from mpy_harness.board.channel import RUN, RUNTIME, Answer, Execute
from mpy_harness.board.codec import Message
from mpy_harness.board.console import Console
from mpy_harness.board.signs import Signs
from mpy_harness.errors import ConsoleGarbled, GuestException
from mpy_harness.limits import CONSOLE_ANSWER_BYTES

_QUESTION_SECONDS = 30.0  # the guest writes a question in one go
_CHUNK = 3072  # bytes of a literal, which the guest compiles
_INJECT_SECONDS = 120.0  # 115,200 bits a second take 1 of them
_WINDOW_BITS = 10  # of the deflate stream: the guest needs 1 KiB to unpack it
# What the REPL and the compiler do not take as it is: Ctrl-C and Ctrl-D, ends of lines, quote and backslash.
_ESCAPED = {3: rb"\x03", 4: rb"\x04", 10: rb"\n", 13: rb"\r", 39: rb"\'", 92: rb"\\"}
_CRC = struct.Struct("<I")


class ReplChannel:
    """Bytes in source text to the guest, base64 from it."""

    def __init__(self, console: Console, execute: Execute) -> None:
        self._console = console
        self._execute = execute
        self._signs = Signs()
        self._unpacks: bool | None = None  # whether the guest can unpack what is sent; None: not asked yet

    def inject(self, code: bytes | None, imports: list[str] | None, signs: Signs) -> None:
        """Send and start the guest's program after a reset."""
        self._signs = signs
        if code is None:
            self._execute(guest_loader.starter("ReplLink()", imports, signs), 30)
            return
        if self._unpacks is None:
            self._unpacks = self._can_unpack()
        data = _packed(code) if self._unpacks else literal(code)
        self._execute(guest_loader.loader(data, "ReplLink()", imports, signs), _INJECT_SECONDS)

    def needs_room(self, message: Message) -> bool:
        """Tell whether a message is longer than one part; each is decoded and kept until the last is there."""
        return message.size > _CHUNK

    def request(self, message: Message, seconds: float) -> tuple[bytes, bytes]:
        """Run a request; return what the guest printed and the encoded result."""
        data = message.joined()
        for at in range(0, len(data), _CHUNK):
            part = data[at : at + _CHUNK]
            arguments = b"%d,%s,%d" % (at, literal(part), binascii.crc32(part))
            self._answer_to(RUNTIME + b".link.feed(" + arguments + b")", 10)
        output = self._execute(RUN, seconds, signs=self._signs)
        *lines, check = self._answer_to(RUNTIME + b".link.show()", max(seconds, 60)).split() or [b""]
        try:
            result = b"".join(base64.b64decode(line, validate=True) for line in lines)
            if binascii.crc32(result) == int(check, 16):
                return output, result
        except ValueError:
            pass
        raise ConsoleGarbled("bytes of a result were lost on the console")

    def serve(self, answer: Answer) -> None:
        """Answer a question, which is a line of base64, with a line of base64 on the guest's standard input."""
        _, line = self._console.read_until([b"\n"], self._console.clock.now() + _QUESTION_SECONDS)
        question = b""
        try:
            question = base64.b64decode(line.strip(), validate=True)
        except ValueError:
            question = b""
        if len(question) < _CRC.size or binascii.crc32(question[_CRC.size :]) != _CRC.unpack_from(question)[0]:
            raise ConsoleGarbled("bytes of a question were lost on the console")
        reply = answer(question[_CRC.size :], CONSOLE_ANSWER_BYTES)
        self._console.write_bytes(base64.b64encode(_CRC.pack(binascii.crc32(reply)) + reply) + b"\n")

    def _answer_to(self, source: bytes, seconds: float) -> bytes:
        # Nothing of the user's runs there.
        try:
            return self._execute(source, seconds)
        except GuestException as error:
            if error.type == "MemoryError":
                raise
            raise ConsoleGarbled(f"bytes of a request were lost on the console ({error.type})") from None

    def _can_unpack(self) -> bool:
        try:
            self._execute(b"import deflate\ndel deflate", 10)
        except GuestException:
            return False
        return True


def literal(data: bytes) -> bytes:
    """Return a bytes literal of MicroPython's source text; it has no character that means something to a REPL."""
    return b"b'" + b"".join(_ESCAPED.get(byte) or bytes([byte]) for byte in data) + b"'"


def _packed(code: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -_WINDOW_BITS)
    data = literal(packer.compress(code) + packer.flush())
    stream = b"__import__('io').BytesIO(%s)" % data
    return b"__import__('deflate').DeflateIO(%s,1,%d).read()" % (stream, _WINDOW_BITS)
