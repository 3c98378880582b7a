"""The guest's console: bytes in both directions, all of them kept."""

from __future__ import annotations

import contextlib
import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from pexpect import EOF, TIMEOUT
from pexpect.fdpexpect import fdspawn

from mpy_harness.board import signs
from mpy_harness.board.signs import OutputFilter, Signs
from mpy_harness.board.tracebacks import is_ours
from mpy_harness.machines import ByteStream, Clock
from mpy_harness.machines.descriptors import waiting

_SECONDS = 10.0
_READ_BYTES = 65536
_TAIL_BYTES = 16384
_DRAIN_SECONDS = 0.02  # between two looks at whether it is over
# An emulated UART sends byte by byte, and waking the host for each takes the emulator longer than the byte. After this
# many reads in a row, which is more than an answer without output takes, the console waits a moment before it reads on,
# until the host has sent something or nothing has come for a while.
_STREAM_READS = 40
_STREAM_PAUSE = 0.0003
_STREAM_ENDS = 0.005
_LOOK_SECONDS = 0.5  # between two looks at the clock while nothing comes
_CLOSE_SECONDS = 0.02  # the same, where a short time is to be told from a wait
_PATIENT_SECONDS = 0.02  # between two looks, when a debugger holds the guest
# What the raw REPL prints for the host, as opposed to a program's output (MicroPython manual, "Using the raw REPL").
_PROTOCOL = re.compile(
    rb"|".join((
        signs.PATTERN,
        rb"raw REPL; CTRL-B to exit\r\n(?:>(?:OK)?)?",
        rb"(?:\A|\x04>)OK",  # a line was taken that was typed
        rb"R\x01..\x01|\x04>|OK(?=\r\nMPY: soft reboot)|[\x01-\x06\x0e]",
    )),
    re.DOTALL,
)  # fmt: skip


class ConsoleClosed(Exception):  # noqa: N818 - no error by itself: the caller knows what it means
    """The other end of the console is gone."""


class WaitedLong(Exception):  # noqa: N818 - as above
    """What was waited for did not come in time."""


class Console(fdspawn):  # type: ignore[type-arg]  # generic in its stubs only
    """A pexpect session on the guest's console that logs every received byte to a file.

    ``clock`` is the machine's, by which deadlines go.
    """

    def __init__(self, stream: ByteStream, log: Path, clock: Clock) -> None:
        super().__init__(stream, timeout=_SECONDS, maxread=_READ_BYTES)
        self._stream = stream
        self.clock = clock
        self.delayafterread = None  # pexpect waits for slow terminals by default
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log_path = log
        self._log_file: BinaryIO = log.open("ab")
        self._recent = bytearray()
        self.last_byte_at = clock.now()
        #: Called with what the guest's program prints, as it comes; see ``follow``.
        self.listener: Callable[[bytes], None] | None = None
        self._output: OutputFilter | None = None
        self._streaming = 0
        #: Tells whether the guest may be held by a debugger: then no time that it has is over.
        self.is_patient: Callable[[], bool] = bool

    def read_nonblocking(self, size: int = 1, timeout: float | None = -1) -> bytes:
        """Read what is there (pexpect's hook); a connection that broke counts as closed."""
        if self._streaming > _STREAM_READS:
            time.sleep(_STREAM_PAUSE)
        try:
            data = self._stream.read(size, self.timeout if timeout == -1 else timeout)
        except TimeoutError as error:
            raise TIMEOUT(str(error)) from error
        except OSError as error:
            raise EOF(f"console closed: {error}") from error
        if not data:
            self.flag_eof = True
            raise EOF("console closed")
        now = self.clock.now()
        self._streaming = self._streaming + 1 if now - self.last_byte_at < _STREAM_ENDS else 0
        self.last_byte_at = now
        self._log_file.write(data)
        self._log_file.flush()
        self._recent += data
        del self._recent[:-_TAIL_BYTES]
        self._notify(data)
        return data

    def follow(self, end: Signs) -> None:
        """Pass the output of a program to the listener, from now to the sign that ends it."""
        self._output = OutputFilter(end, self.listener) if self.listener is not None else None
        self._notify(self.unread())

    def _notify(self, data: bytes) -> None:
        if self._output is not None:
            self._output.feed(data)

    def write_bytes(self, data: bytes) -> None:
        """Send bytes to the guest.

        Raises ConsoleClosed.
        """
        self._streaming = 0
        try:
            self._stream.write(data, _SECONDS)
        except OSError as error:
            raise ConsoleClosed(str(error)) from error

    def send(self, s: str | bytes) -> int:
        """Send text or bytes to the guest and return how many bytes (pexpect's method, and what builds on it)."""
        data = s.encode() if isinstance(s, str) else s
        self._stream.write(data, _SECONDS)
        return len(data)

    def read_until(self, markers: list[bytes], deadline: float) -> tuple[int, bytes]:
        """Return which marker came first and the bytes before it.

        What had come by the deadline is read, what comes after it is not: a guest that prints all the time would have
        no end. Raises WaitedLong at the deadline (in seconds of the clock), ConsoleClosed at the end.
        """
        overlap = max(map(len, markers)) - 1
        with self._taken() as data:
            looked_at = 0
            end: int | None = None  # of what had come by the deadline
            while True:
                found = [(at, i) for i, marker in enumerate(markers) if (at := data.find(marker, looked_at)) >= 0]
                if found:
                    at, index = min(found)
                    before = bytes(data[:at])
                    del data[: at + len(markers[index])]
                    return index, before
                looked_at = max(0, len(data) - overlap)
                if self.clock.now() >= deadline and self.clock.is_past(deadline) and not self.is_patient():
                    end = len(data) + waiting(self._stream.fileno()) if end is None else end
                    if len(data) >= end:
                        raise WaitedLong
                self._receive(data, deadline)

    def search(self, pattern: bytes, deadline: float) -> re.Match[bytes]:
        """Return the first match of a regular expression.

        Raises WaitedLong at the deadline, ConsoleClosed at the end.
        """
        while not self._matches(pattern, max(0.001, deadline - self.clock.now())):
            if self.is_patient():
                deadline = self.clock.now() + _SECONDS
            elif self.clock.is_past(deadline):
                raise WaitedLong
        match = self.match
        assert isinstance(match, re.Match)  # noqa: S101 - pexpect's type says less
        return match

    def _matches(self, pattern: bytes, seconds: float) -> bool:
        try:
            return self.expect([pattern, TIMEOUT], timeout=seconds) == 0
        except EOF as error:
            raise ConsoleClosed("the console closed") from error

    def read_exactly(self, count: int, deadline: float) -> bytes:
        """Return the next bytes.

        Raises WaitedLong at the deadline, ConsoleClosed at the end.
        """
        with self._taken() as data:
            while len(data) < count:
                self._receive(data, deadline)
            taken = bytes(data[:count])
            del data[:count]
            return taken

    @contextlib.contextmanager
    def _taken(self) -> Iterator[bytearray]:
        """Give what was received and not yet consumed; what is left of it then is pexpect's again.

        pexpect's own search takes as long as many bytes take to come.
        """
        data = bytearray(self.unread())
        try:
            yield data
        finally:
            self._buffer, self._before = io.BytesIO(), io.BytesIO()
            self._buffer.write(data)
            self._before.write(data)

    def receives(self, seconds: float) -> bool:
        """Tell whether the guest sends something within a time: a short one, which is looked at closely.

        Raises ConsoleClosed.
        """
        deadline = self.clock.now() + seconds
        with self._taken() as data:
            before = len(data)
            try:
                while len(data) == before:
                    self._receive(data, deadline, _CLOSE_SECONDS)
            except WaitedLong:
                return False
        return True

    def _receive(self, data: bytearray, deadline: float, look: float = _LOOK_SECONDS) -> None:
        try:
            data += self.read_nonblocking(self.maxread, min(look, max(0.001, deadline - self.clock.now())))
        except TIMEOUT as error:
            if self.is_patient():
                time.sleep(_PATIENT_SECONDS)
            elif self.clock.is_past(deadline):
                raise WaitedLong from error
        except EOF as error:
            self.before = bytes(data)
            data.clear()
            raise ConsoleClosed("the console closed") from error

    @contextlib.contextmanager
    def drained(self) -> Iterator[None]:
        """Return a context in which what the guest prints is taken and only logged.

        Some emulators (QEMU's STM32 UART) stand still, and answer nothing, while a byte that the guest prints is not
        taken.
        """
        over = threading.Event()
        thread = threading.Thread(target=self._drain, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _drain(self, over: threading.Event) -> None:
        with contextlib.suppress(EOF):
            while not over.is_set():
                with contextlib.suppress(TIMEOUT):
                    self.read_nonblocking(_READ_BYTES, _DRAIN_SECONDS)

    def unread(self) -> bytes:
        """Return what was received and not yet consumed, without consuming it."""
        # `buffer` may be but the end of what pexpect keeps in `_before`.
        return self._before.getvalue()

    def begin(self, text: str) -> None:
        """Begin a new tail, and write a line to the log by which a reader finds the place."""
        self._recent.clear()
        if not self._log_file.closed:
            self._log_file.write(f"\r\n=== {text}\r\n".encode())

    def tail(self, lines: int = 20) -> str:
        """Return the last lines that the guest printed, without signs of the REPL and frames of the harness."""
        text = _PROTOCOL.sub(b"", bytes(self._recent)).decode("utf-8", "replace").replace("\r\n", "\n")
        return "\n".join([line for line in text.splitlines() if not is_ours(line)][-lines:])

    def close(self) -> None:
        """Close the log; the machine closes the connection."""
        self._log_file.close()
