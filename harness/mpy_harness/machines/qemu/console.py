"""The console of a QEMU: a socket, or pipes that are emptied at once."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import termios

from mpy_harness.machines.descriptors import pair
from mpy_harness.machines.qemu.qmp import Qmp
from mpy_harness.machines.relay import Relay
from mpy_harness.machines.streams import DescriptorStream

_PIPE_BYTES = 1 << 20
_INT = struct.Struct("i")


class WakingStream:
    """A console's bytes, and a question to QEMU before the first that the guest gets.

    QEMU looks for input only while the guest's UART takes some, and does not notice by itself that a guest has switched
    its receiver on: it sleeps until anything else happens. Answering, it looks again.
    """

    def __init__(self, stream: DescriptorStream, monitor: Qmp) -> None:
        self._stream = stream
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
        try:
            waiting = fcntl.ioctl(self.fileno(), termios.TIOCOUTQ, bytes(_INT.size))
        except OSError:
            return True
        return bool(_INT.unpack(waiting)[0])

    def begin(self) -> None:
        """Forget what the guest sent: a new one is about to begin."""
        self._is_awake = False
        with contextlib.suppress(TimeoutError):
            while self.read(_PIPE_BYTES, 0):
                pass


def open_console(
    eager: bool, inherited: list[int], undo: contextlib.ExitStack, theirs: contextlib.ExitStack
) -> tuple[DescriptorStream, Relay | None, str]:
    """Return our end of a console, what is between, and QEMU's end as its option says it.

    ``eager``: the console is read at once, whether anybody waits for it or not.
    """
    if not eager:
        console, its_console = pair(undo, theirs)
        inherited.append(its_console)
        return DescriptorStream(console), None, f"socket,id=console,fd={its_console}"
    console, relayed = socket.socketpair()
    undo.enter_context(console)
    # Pipes, because a socket takes no more than some hundred of the single bytes that a UART sends.
    its_input, to_guest = os.pipe()
    from_guest, its_output = os.pipe()
    for descriptor in (its_input, its_output):
        theirs.callback(os.close, descriptor)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # more than this user may have: the usual size does
            fcntl.fcntl(its_output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    relay = Relay(relayed, from_guest, to_guest)
    undo.callback(relay.close)
    inherited += [its_input, its_output]
    chardev = f"file,id=console,path=/dev/fd/{its_output},input-path=/dev/fd/{its_input}"
    return DescriptorStream(console), relay, chardev
