"""The bytes of a guest's console, whatever they travel on."""

from __future__ import annotations

import errno
import math
import os
import select
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import HasFileno


class ByteStream(Protocol):
    """Bytes to and from a guest's console.

    ``DescriptorStream`` is one for all that has a descriptor: a socket, pipes, a pseudo-terminal, a serial port.
    """

    def fileno(self) -> int:
        """Return a descriptor that is readable when the guest has sent something, for ``select``."""

    def read(self, most: int, seconds: float | None) -> bytes:
        """Return what is there, ``most`` bytes at most, and wait for the first of them; b"" at the stream's end.

        Raises TimeoutError where none came within that time (None: wait without a limit), OSError where the
        connection broke.
        """

    def write(self, data: bytes, seconds: float) -> None:
        """Send all of the bytes.

        Raises TimeoutError where they were not taken within that time, OSError where nobody takes them any more.
        """


class DescriptorStream:
    """A console on one open file for both directions, or on one for each; whoever opened them closes them.

    The files are switched to non-blocking mode.
    """

    def __init__(self, reads: HasFileno, writes: HasFileno | None = None) -> None:
        self._reads = reads
        self._writes = reads if writes is None else writes
        for file in (self._reads, self._writes):
            os.set_blocking(file.fileno(), False)

    def fileno(self) -> int:
        """Return the descriptor that is read."""
        return self._reads.fileno()

    def read(self, most: int, seconds: float | None) -> bytes:
        """Return what is there, or wait for it (see ``ByteStream.read``)."""
        descriptor = _wait(self._reads, select.POLLIN, seconds)
        try:
            return os.read(descriptor, most)
        except BlockingIOError as error:
            raise TimeoutError("nothing came after all") from error
        except OSError as error:
            if error.errno == errno.EIO:  # how a terminal says that its other side is gone
                return b""
            raise

    def write(self, data: bytes, seconds: float) -> None:
        """Send all of the bytes (see ``ByteStream.write``); each part of them has that time."""
        rest = memoryview(data)
        while rest:
            descriptor = _wait(self._writes, select.POLLOUT, seconds)
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BlockingIOError:  # the room went to somebody else who writes there
                continue


def _wait(file: HasFileno, event: int, seconds: float | None) -> int:
    poll = select.poll()
    try:
        descriptor = file.fileno()
        poll.register(descriptor, event)
    except ValueError as error:  # what a file says that was closed
        raise ConnectionError(f"the console is closed: {error}") from error
    if not poll.poll(None if seconds is None else max(0, math.ceil(seconds * 1000))):
        raise TimeoutError(f"nothing happened on the console within {seconds:g} s")
    return descriptor
