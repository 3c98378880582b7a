"""What is asked of a board that runs in Node: memory, registers, to hold. The other side is in_node/control.mjs."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from mpy_harness.errors import GuestMemoryFailed, GuestMemoryGone
from mpy_harness.machines.clock import Clock, receive

# A loop of the core is interrupted for each request, so an answer takes milliseconds; a busy host may take its time.
_SECONDS = 30.0
_REQUEST = struct.Struct("<BII")
_ANSWER = struct.Struct("<BI")
_REGISTERS = struct.Struct("<17IQQ")


class _What(IntEnum):
    READ = 1
    WRITE = 2
    REGISTERS = 3
    HOLD = 4
    GO = 5


@dataclass(frozen=True)
class Registers:
    """The core's registers r0 to r15, and what it has executed: instructions where it counts, else 0, and cycles."""

    core: tuple[int, ...]
    executed: int
    cycles: int


class Control:
    """Reads and writes a board's memory over a connected socket; implements ``base.GuestMemory``.

    Raises GuestMemoryGone where the board has ended, GuestMemoryFailed where it does not answer or refuses.
    """

    def __init__(self, connection: socket.socket, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._lock = threading.RLock()
        self._holds = 0

    def read(self, address: int, size: int) -> bytes:
        """Return the bytes from an address on."""
        data = self._ask(_What.READ, address, size)
        if data is None or len(data) != size:
            raise GuestMemoryFailed(f"the emulator did not read {size} bytes at {address:#x} of the guest")
        return data

    def write(self, address: int, data: bytes) -> None:
        """Write bytes from an address on; only RAM can be written."""
        if self._ask(_What.WRITE, address, len(data), data) is None:
            raise GuestMemoryFailed(f"the emulator did not write {len(data)} bytes at {address:#x} of the guest")

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """Stop the guest until the end of the block; a block within another one does not stop it again."""
        self._holds += 1
        try:
            if self._holds == 1:
                self._ask(_What.HOLD)
            yield
        finally:
            self._holds -= 1
            if self._holds == 0:
                self._ask(_What.GO)

    def registers(self) -> Registers:
        """Return the core's registers while it runs."""
        data = self._ask(_What.REGISTERS)
        if data is None or len(data) != _REGISTERS.size:
            raise GuestMemoryFailed("the emulator did not tell its registers")
        *core, _flags, executed, cycles = _REGISTERS.unpack(data)
        return Registers(tuple(core), executed, cycles)

    def _ask(self, what: _What, address: int = 0, size: int = 0, data: bytes = b"") -> bytes | None:
        with self._lock:
            deadline = self._clock.now() + _SECONDS
            try:
                self._connection.settimeout(_SECONDS)
                self._connection.sendall(_REQUEST.pack(what, address & 0xFFFFFFFF, size) + data)
                done, length = _ANSWER.unpack(self._receive(_ANSWER.size, deadline))
                answer = self._receive(length, deadline)
            except TimeoutError as error:
                raise GuestMemoryFailed(f"the emulator did not answer within {_SECONDS:g} s") from error
            except OSError as error:
                raise GuestMemoryGone(f"the emulator takes no requests any more: {error}") from error
            return answer if done else None

    def _receive(self, size: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = receive(self._connection, size - len(data), self._clock, deadline)
            if not part:
                raise GuestMemoryGone("the emulator has ended")
            data += part
        return bytes(data)
