"""Passes bytes between an emulator and the reader of its console; the emulator's output is taken at once.

An emulator may drop output that its end of a pipe does not take. As long as the pipe was never full, nothing was lost:
before each read, the relay looks how full it is.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import selectors
import socket
import sys
import threading

from mpy_harness.machines.descriptors import waiting

_READ_BYTES = 1 << 16
_LIMIT = 96 << 20  # more than any program may print (board/repl.py): then the guest has to wait
_JOIN_SECONDS = 2.0
_SMALLEST_PIPE = 16384  # where the system does not tell: macOS


class Relay:
    """Connects a socket with the two pipes of an emulator's console. It owns all three and closes them.

    The reader's end of the socket sees the end of the stream when the emulator has ended and all was passed on.
    """

    def __init__(self, relayed: socket.socket, from_guest: int, to_guest: int) -> None:
        self._socket = relayed
        self._from_guest = from_guest
        self._to_guest = to_guest
        self._capacity = _capacity(from_guest)
        #: Whether output may have been lost: the emulator found the pipe full.
        self.may_have_lost = False
        self._output = bytearray()
        self._input = bytearray()
        for end in (relayed.fileno(), from_guest, to_guest):
            os.set_blocking(end, False)
        self._stop, self._stopped = os.pipe()
        self._thread = threading.Thread(target=self._run, name="mpy-harness console", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread. Calling it again does nothing."""
        if self._stopped >= 0:
            os.close(self._stopped)
            self._stopped = -1
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # the reader is gone, or the emulator: nobody wants to know
            self._pass_on()
        self._socket.close()
        for end in (self._from_guest, self._to_guest, self._stop):
            os.close(end)

    def _pass_on(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stop, selectors.EVENT_READ)
            has_ended = False
            while not (has_ended and not self._output):
                _watch(selector, self._from_guest, selectors.EVENT_READ, not has_ended and len(self._output) < _LIMIT)
                _watch(selector, self._to_guest, selectors.EVENT_WRITE, bool(self._input))
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._output else 0)
                _watch(selector, self._socket.fileno(), wanted, True)
                for key, events in selector.select():
                    if key.fd == self._stop:
                        return
                    if key.fd == self._from_guest:
                        self.may_have_lost |= waiting(self._from_guest) >= self._capacity
                        data = _read(self._from_guest)
                        self._output += data
                        has_ended = not data
                    elif key.fd == self._to_guest:
                        del self._input[: os.write(self._to_guest, self._input)]
                    elif not self._serve(events):
                        return

    def _serve(self, events: int) -> bool:
        # The reader's side; False where it is gone.
        if events & selectors.EVENT_READ:
            data = self._socket.recv(_READ_BYTES)
            if not data:
                return False
            self._input += data
        if events & selectors.EVENT_WRITE:
            with contextlib.suppress(BlockingIOError):
                del self._output[: self._socket.send(memoryview(self._output)[:_READ_BYTES])]
        return True


def _capacity(pipe: int) -> int:
    # A writer may find a pipe full that has room for less than a page.
    if os.isatty(pipe):  # makes its writer wait
        return sys.maxsize
    page = os.sysconf("SC_PAGE_SIZE")
    return (fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) if hasattr(fcntl, "F_GETPIPE_SZ") else _SMALLEST_PIPE) - page


def _read(end: int) -> bytes:
    try:
        return os.read(end, _READ_BYTES)
    except OSError as error:
        if error.errno == errno.EIO:  # how a terminal says that its other side is gone
            return b""
        raise


def _watch(selector: selectors.BaseSelector, end: int, events: int, wanted: bool) -> None:
    watched = selector.get_map().get(end)
    if not wanted:
        if watched is not None:
            selector.unregister(end)
    elif watched is None:
        selector.register(end, events)
    elif watched.events != events:
        selector.modify(end, events)
