"""Guest memory through an emulator's GDB server (GDB manual, "GDB Remote Serial Protocol").

The emulator takes commands only while the guest stands still: it is stopped for each access, or once for several
(``still``), and continued after it.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator

from mpy_harness.errors import GuestMemoryFailed, GuestMemoryGone
from mpy_harness.machines.clock import Clock, receive

_SECONDS = 5.0
_INTERRUPT = b"\x03"
_READ_BYTES = 65536
_PACKET_LIMIT = 1 << 20
_LEAST_PACKET = 1024  # bytes, where the server does not say how many it takes
_COMMAND_BYTES = 32  # at most, of a packet besides the data: letter, address, length, frame


class GdbMemory:
    """Reads and writes memory over a connected socket; implements ``base.GuestMemory``.

    Raises GuestMemoryFailed where the server is gone or silent, refuses an access or does not follow the protocol.
    """

    def __init__(self, connection: socket.socket, clock: Clock, seconds: float = _SECONDS) -> None:
        self._connection = connection
        self._clock = clock
        self._seconds = seconds
        self._received = bytearray()
        self._stops = 0
        self._acknowledges = True
        self._data_bytes = 0  # bytes of memory that one packet may carry; the server is asked at the first stop

    def read(self, address: int, size: int) -> bytes:
        """Return the bytes from an address on."""
        with self.still():
            parts = []
            for at in range(0, size, self._data_bytes):
                length = min(self._data_bytes, size - at)
                answer = self._ask(b"m%x,%x" % (address + at, length))
                parts.append(_bytes_of(answer, length, address + at))
            return b"".join(parts)

    def write(self, address: int, data: bytes) -> None:
        """Write bytes from an address on."""
        with self.still():
            for at in range(0, len(data), self._data_bytes):
                part = data[at : at + self._data_bytes]
                answer = self._ask(b"M%x,%x:%s" % (address + at, len(part), part.hex().encode()))
                if answer != b"OK":
                    what = f"the emulator did not write {len(part)} bytes at {address + at:#x} of the guest"
                    raise GuestMemoryFailed(f"{what} ({_quoted(answer)})")

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """Stop the guest until the end of the block; a block within another one does not stop it again."""
        self._stops += 1
        try:
            if self._stops == 1:
                self._stop()
            yield
        finally:
            self._stops -= 1
            if self._stops == 0:
                self._send(b"c")  # its answer comes with the next stop

    def _stop(self) -> None:
        self._put(_INTERRUPT)
        while (answer := self._receive())[:1] not in {b"S", b"T"}:
            if answer[:1] in {b"W", b"X"}:
                raise GuestMemoryGone("the guest has ended")
        if not self._data_bytes:
            self._greet()

    def _greet(self) -> None:
        features = self._ask(b"qSupported")
        limit = re.search(rb"(?:^|;)PacketSize=([0-9a-fA-F]{1,8})(?:;|$)", features)
        packet = max(int(limit.group(1), 16) if limit else 0, _LEAST_PACKET)
        self._data_bytes = (min(packet, _PACKET_LIMIT) - _COMMAND_BYTES) // 2  # two hexadecimal digits a byte
        if b"QStartNoAckMode+" in features and self._ask(b"QStartNoAckMode") == b"OK":
            self._acknowledges = False

    def _ask(self, command: bytes) -> bytes:
        self._send(command)
        return self._receive()

    def _send(self, command: bytes) -> None:
        self._put(b"$%s#%02x" % (command, sum(command) & 0xFF))

    def _put(self, data: bytes) -> None:
        try:
            self._connection.settimeout(self._seconds)
            self._connection.sendall(data)
        except TimeoutError as error:
            raise GuestMemoryFailed(f"the emulator's GDB server took no command within {self._seconds:g} s") from error
        except OSError as error:
            raise GuestMemoryGone(f"the emulator's GDB server takes no commands: {error}") from error

    def _receive(self) -> bytes:
        # The content of the next packet, other than console output ("O" and hexadecimal digits).
        deadline = self._clock.now() + self._seconds
        while True:
            content = self._packet(deadline)
            if content == b"OK" or content[:1] != b"O":
                return content

    def _packet(self, deadline: float) -> bytes:
        # $<content>#<checksum>; between packets there are signs of receipt, "-" for one that is to be sent again.
        while (end := self._received.find(b"#")) < 0 or len(self._received) < end + 3:
            self._fill(deadline)
        packet, self._received = bytes(self._received[: end + 3]), self._received[end + 3 :]
        signs, start, content = packet[:-3].partition(b"$")
        if not start or b"-" in signs or not _is_checksum(packet[-2:], content):
            raise GuestMemoryFailed(f"the emulator's GDB server sent no packet that is whole: {packet[:40]!r}")
        if self._acknowledges:
            self._put(b"+")
        return _plain(content)

    def _fill(self, deadline: float) -> None:
        if len(self._received) > _PACKET_LIMIT:
            raise GuestMemoryFailed("the emulator's GDB server sent a packet without an end")
        try:
            data = receive(self._connection, _READ_BYTES, self._clock, deadline)
        except TimeoutError as error:
            raise GuestMemoryFailed(f"the emulator's GDB server did not answer within {self._seconds:g} s") from error
        except OSError as error:
            raise GuestMemoryGone(f"the connection to the emulator's GDB server broke: {error}") from error
        if not data:
            raise GuestMemoryGone("the emulator closed the connection to its GDB server")
        self._received += data


def _is_checksum(digits: bytes, content: bytes) -> bool:
    return digits.lower() == b"%02x" % (sum(content) & 0xFF)


def _plain(content: bytes) -> bytes:
    # "}" escapes the byte after it, "*" and a count repeat the byte before (section "Overview").
    content = re.sub(rb"(.)\*([ -~])", lambda run: run[1] * (run[2][0] - 28), content, flags=re.DOTALL)
    return re.sub(rb"\}(.)", lambda escaped: bytes([escaped[1][0] ^ 0x20]), content, flags=re.DOTALL)


def _bytes_of(answer: bytes, length: int, address: int) -> bytes:
    try:
        data = bytes.fromhex(answer.decode("ascii"))
    except ValueError:
        data = b""
    if len(data) != length or len(answer) != 2 * length:
        what = f"the emulator did not read {length} bytes at {address:#x} of the guest"
        raise GuestMemoryFailed(f"{what} ({_quoted(answer)})")
    return data


def _quoted(answer: bytes) -> str:
    return f"its GDB server said {answer[:40]!r}" if answer else "its GDB server knows no such command"
