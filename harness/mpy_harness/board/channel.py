"""How requests and values reach the guest and come back.

``WindowChannel`` puts them into memory that host and guest share; the console carries a few bytes
that say so. ``ReplChannel`` serves boards without such memory: base64 text through the raw REPL.

Layout of the window (uint32, little-endian, from its start): length of the request, length of the
response, length of a question of the guest, length of its answer, number of questions asked, number
answered. At 64: what the host writes; after half of the window: what the guest writes.
"""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Callable
from typing import Protocol

from mpy_harness.board import runtime
from mpy_harness.board.console import Console, WaitedLong
from mpy_harness.emulators import SharedWindow
from mpy_harness.errors import ConsoleGarbled, Untransferable

Execute = Callable[[bytes, float], bytes]
_RUN = b"_mpyh()"
_HEADER = 64
_QUESTION_SECONDS = 1.0  # the guest writes a question in one go
_REPL_CHUNK = 3072  # bytes a line of base64; the guest compiles them as one string literal each


class Channel(Protocol):
    """Carries one request at a time to the guest's runtime."""

    def inject(self, code: bytes, imports: list[str] | None) -> None:
        """Send the guest's runtime, compiled, after a reset; ``imports`` as in ``runtime.loader``."""

    def request(self, data: bytes, seconds: float) -> tuple[bytes, bytes]:
        """Run a request; return what the guest printed and the encoded result."""

    def question(self) -> bytes | None:
        """Return what the guest asks after it gave the sign for it; None if it asks nothing."""

    def answer(self, data: bytes) -> None:
        """Answer the guest's question."""


class WindowChannel:
    """Requests and values through shared memory."""

    def __init__(self, window: SharedWindow, execute: Execute) -> None:
        self._window = window
        self._memory = window.memory
        self._half = len(window.memory) // 2 - _HEADER
        self._execute = execute

    def inject(self, code: bytes, imports: list[str] | None) -> None:
        """Send the guest's runtime after a reset."""
        self._memory[:_HEADER] = bytes(_HEADER)
        address, size = self._window.address, len(self._memory)
        # Even the loader's source comes through the window: the console takes a tenth of a millisecond a byte.
        data = f"bytes(u.bytearray_at({address + _HEADER},{len(code)}))"
        source = runtime.loader(data, f"WindowLink({address},{size})", imports)
        self._put(code + source)
        self._execute(
            f"import uctypes as u\nexec(u.bytearray_at({address + _HEADER + len(code)},{len(source)}))\ndel u".encode(),
            10,
        )

    def request(self, data: bytes, seconds: float) -> tuple[bytes, bytes]:
        """Run a request; return what the guest printed and the encoded result."""
        self._put(data)
        struct.pack_into("<II", self._memory, 0, len(data), 0)
        output = self._execute(_RUN, seconds)
        size = struct.unpack_from("<I", self._memory, 4)[0]
        if not 0 < size <= self._half:
            raise ConsoleGarbled("the guest returned no value: its memory is corrupt")
        return output, self._take(size)

    def question(self) -> bytes | None:
        """Return what the guest asks; None if the program printed the sign for it itself."""
        size, _, asked, answered = struct.unpack_from("<IIII", self._memory, 8)
        if asked == answered or size > self._half:
            return None
        return self._take(size)

    def answer(self, data: bytes) -> None:
        """Answer the guest's question: the count comes last, the guest waits for it."""
        self._put(data)
        struct.pack_into("<I", self._memory, 12, len(data))
        self._memory[20:24] = self._memory[16:20]

    def _put(self, data: bytes) -> None:
        if len(data) > self._half:
            raise Untransferable(
                f"{len(data)} bytes do not fit through the window ({self._half} bytes): pass them in parts"
            )
        self._memory[_HEADER : _HEADER + len(data)] = data

    def _take(self, size: int) -> bytes:
        start = _HEADER + self._half
        return bytes(self._memory[start : start + size])


class ReplChannel:
    """Requests and values as text through the raw REPL, for boards without shared memory."""

    def __init__(self, console: Console, execute: Execute) -> None:
        self._console = console
        self._execute = execute

    def inject(self, code: bytes, imports: list[str] | None) -> None:
        """Send the guest's runtime after a reset."""
        text = base64.b64encode(code).decode()
        data = f"__import__('binascii').a2b_base64('{text}')"
        self._execute(runtime.loader(data, "ReplLink()", imports), 30)

    def request(self, data: bytes, seconds: float) -> tuple[bytes, bytes]:
        """Run a request; return what the guest printed and the encoded result."""
        for at in range(0, len(data), _REPL_CHUNK):
            text = base64.b64encode(data[at : at + _REPL_CHUNK])
            self._execute(b"_mpyh.link.feed('" + text + b"')", 10)
        output = self._execute(_RUN, seconds)
        shown = self._execute(b"_mpyh.link.show()", max(seconds, 60))
        try:
            return output, b"".join(base64.b64decode(line, validate=True) for line in shown.split())
        except ValueError as error:
            raise ConsoleGarbled("bytes of a result were lost on the console") from error

    def question(self) -> bytes | None:
        """Return what the guest asks, "?" and a line of base64; None if the program printed the sign for it."""
        deadline = time.monotonic() + _QUESTION_SECONDS
        taken = b""
        try:
            taken = self._console.read_exactly(1, deadline)
            if taken == b"?":
                _, line = self._console.read_until([b"\n"], deadline)
                taken += line + b"\n"
                return base64.b64decode(line.strip(), validate=True)
        except (WaitedLong, ValueError):
            pass
        self._console.put_back(taken)
        return None

    def answer(self, data: bytes) -> None:
        """Answer the guest's question with a line on its standard input."""
        self._console.write_bytes(base64.b64encode(data) + b"\n")
