"""The console of a QEMU: pipes, which are its standard input and output."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import sys
from dataclasses import dataclass

from mpy_harness.machines.descriptors import waiting
from mpy_harness.machines.qemu.qmp import Qmp
from mpy_harness.machines.relay import Relay
from mpy_harness.machines.streams import DescriptorStream

#: QEMU's option for it.
CHARDEV = "stdio,id=console,signal=off"
_PIPE_BYTES = 1 << 20


@dataclass(frozen=True)
class OpenedConsole:
    """Our end of a console, the pipe to the guest, what is between, and QEMU's own standard input and output."""

    stream: DescriptorStream
    to_guest: int
    relay: Relay | None
    talk: tuple[int, int]


class WakingStream:
    """A console's bytes, and a question to QEMU before the first that the guest gets.

    QEMU looks for input only while the guest's UART takes some, and does not notice by itself that a guest has switched
    its receiver on: it sleeps until anything else happens. Answering, it looks again.
    """

    def __init__(self, console: OpenedConsole, monitor: Qmp) -> None:
        self._stream = console.stream
        self._to_guest = console.to_guest
        self._monitor = monitor
        self._is_awake = False

    def fileno(self) -> int:
        """Return the descriptor that is read."""
        return self._stream.fileno()

    def read(self, most: int, seconds: float | None) -> bytes:
        """Return what is there, or wait for it (see ``ByteStream.read``)."""
        return self._stream.read(most, seconds)

    def write(self, data: bytes, seconds: float) -> None:
        """Send all of the bytes (see ``ByteStream.write``)."""
        if not self._is_awake:
            self._is_awake = True
            self._monitor.execute("query-status")
        self._stream.write(data, seconds)

    def has_unread_input(self) -> bool:
        """Tell whether the guest has not taken all that was sent, or that cannot be told."""
        if sys.platform != "linux":  # only there does the end that is written to tell
            return True
        return waiting(self._to_guest) > 0

    def begin(self) -> None:
        """Forget what the guest sent: a new one is about to begin."""
        self._is_awake = False
        with contextlib.suppress(TimeoutError):
            while self.read(_PIPE_BYTES, 0):
                pass


def open_console(eager: bool, undo: contextlib.ExitStack, theirs: contextlib.ExitStack) -> OpenedConsole:
    """Return a new console; ``eager``: it is read at once, whether anybody waits for it or not.

    A UART sends single bytes. A socket takes some hundred of them, and each costs QEMU more than the guest's own work
    for it; a pipe takes 65,536 or more, for half the time.
    """
    its_input, to_guest = os.pipe()
    from_guest, its_output = os.pipe()
    for descriptor in (its_input, its_output):
        theirs.callback(os.close, descriptor)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # more than this user may have: the usual size does
            fcntl.fcntl(its_output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    talk = (its_input, its_output)
    if not eager:
        reads = undo.enter_context(os.fdopen(from_guest, "rb", 0))
        writes = undo.enter_context(os.fdopen(to_guest, "wb", 0))
        return OpenedConsole(DescriptorStream(reads, writes), to_guest, None, talk)
    console, relayed = socket.socketpair()
    undo.enter_context(console)
    relay = Relay(relayed, from_guest, to_guest)
    undo.callback(relay.close)
    return OpenedConsole(DescriptorStream(console), to_guest, relay, talk)
