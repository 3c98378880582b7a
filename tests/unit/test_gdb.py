"""Guest memory through GDB's protocol, against a peer that answers as it is told: right, wrong, or not at all."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from mpy_harness.errors import GuestMemoryFailed, GuestMemoryGone
from mpy_harness.machines import Clock
from mpy_harness.machines.qemu.gdb import GdbMemory

STOPPED = b"T02thread:01;"
FEATURES = b"PacketSize=1000;qXfer:features:read+"
Answers = Callable[[bytes], "bytes | None"]


def packet(content: bytes) -> bytes:
    return b"$%s#%02x" % (content, sum(content) & 0xFF)


class Server:
    """The far end, with memory; ``raw`` maps commands to bytes that are sent as they are."""

    def __init__(self, connection: socket.socket, raw: dict[bytes, bytes], features: bytes) -> None:
        self.connection = connection
        self.raw = raw
        self.features = features
        self.memory = bytearray(range(256)) * 40
        self.commands: list[bytes] = []
        self.receipts = 0
        self.finish: Callable[[], object]  # waits until all that was sent is taken

    def serve(self) -> None:
        received = b""
        with suppress(OSError):
            while data := self.connection.recv(65536):
                received += data
                while match := re.match(rb"\x03|\+|\$([^#]*)#(..)", received, re.DOTALL):
                    received = received[match.end() :]
                    if match[0] == b"+":
                        self.receipts += 1
                        continue
                    command = match[1] if match[1] is not None else b"stop"
                    self.commands.append(command)
                    self.connection.sendall(self.answer(command))

    def answer(self, command: bytes) -> bytes:
        for start, raw in self.raw.items():
            if command.startswith(start):
                return raw
        if command == b"c":
            return b""
        if command == b"stop":
            return packet(STOPPED)
        if command == b"qSupported":
            return b"+" + packet(self.features)
        if command == b"QStartNoAckMode":
            return b"+" + packet(b"OK")
        if access := re.fullmatch(rb"([mM])([0-9a-f]+),([0-9a-f]+)(?::([0-9a-f]*))?", command):
            at, size = int(access[2], 16), int(access[3], 16)
            if access[1] == b"m":
                return b"+" + packet(self.memory[at : at + size].hex().encode())
            self.memory[at : at + size] = bytes.fromhex(access[4].decode())
            return b"+" + packet(b"OK")
        return b"+" + packet(b"")


Make = Callable[..., "tuple[GdbMemory, Server]"]


@pytest.fixture
def make() -> Iterator[Make]:
    """Connect a client to a server of the test's own."""
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def connect(raw: dict[bytes, bytes] | None = None, features: bytes = FEATURES) -> tuple[GdbMemory, Server]:
        ours, theirs = socket.socketpair()
        opened.extend((ours, theirs))
        server = Server(theirs, raw or {}, features)
        threads.append(threading.Thread(target=server.serve, daemon=True))
        threads[-1].start()

        def finish() -> None:
            ours.shutdown(socket.SHUT_WR)
            threads[-1].join(5)

        server.finish = finish
        return GdbMemory(ours, Clock(), seconds=0.2), server

    yield connect
    for connection in opened:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
    for thread in threads:
        thread.join(5)


def test_memory_is_read_and_written(make):
    memory, server = make()
    assert memory.read(3, 5) == bytes((3, 4, 5, 6, 7))
    memory.write(4, b"\x00\xffab")
    assert server.memory[3:9] == b"\x03\x00\xffab\x08"
    assert memory.read(0, 0) == b""


def test_large_accesses_go_in_packets_that_the_server_takes(make):
    memory, server = make(features=b"PacketSize=400")
    data = bytes(range(255, -1, -1)) * 20
    memory.write(100, data)
    assert memory.read(100, len(data)) == data
    assert max(map(len, server.commands)) < 0x400


@pytest.mark.parametrize("features", [b"", b"PacketSize=", b"PacketSize=0", b"PacketSize=fffffffff", b"PacketSize=zz"])
def test_a_server_that_does_not_tell_what_it_takes(make, features):
    memory, server = make(features=features)
    assert memory.read(0, 5000) == server.memory[:5000]
    assert all(int(command.split(b",")[1], 16) <= 512 for command in server.commands if command[:1] == b"m")


def test_the_guest_is_stopped_once_for_several_accesses(make):
    memory, server = make()
    with memory.still():
        memory.read(0, 1)
        memory.write(0, b"x")
        with memory.still():
            memory.read(0, 1)
    memory.read(0, 1)
    server.finish()
    assert [command[:1] for command in server.commands] == [*(b"s", b"q", b"m", b"M", b"m", b"c"), *(b"s", b"m", b"c")]


def test_the_guest_goes_on_after_an_error(make):
    memory, server = make({b"m": packet(b"E14")})
    with pytest.raises(GuestMemoryFailed):
        memory.read(0, 1)
    memory.write(0, b"x")
    server.finish()
    assert server.memory[0] == ord("x")
    assert server.commands.count(b"c") == server.commands.count(b"stop") == 2


def test_receipts_are_sent_until_they_are_switched_off(make):
    memory, server = make()
    memory.read(0, 1)
    memory.read(0, 1)
    server.finish()
    assert server.receipts == 5  # of two stops, the features and two answers
    memory, server = make(features=FEATURES + b";QStartNoAckMode+")
    memory.read(0, 1)
    memory.read(0, 1)
    server.finish()
    assert server.commands.count(b"QStartNoAckMode") == 1
    assert server.receipts == 3  # of the stop, the features and the switch itself


def test_what_comes_between_packets_is_no_answer(make):
    console = packet(b"O" + b"hello".hex().encode())
    memory, _ = make({b"stop": console + b"+" + packet(b"S05"), b"m0,2": b"++" + console + packet(b"0a0B")})
    assert memory.read(0, 2) == b"\x0a\x0b"


def test_repeated_and_escaped_bytes(make):
    # "0* " is four zeros: a count of 3 more is written as a space; "}\x03" is "#".
    memory, _ = make({b"m0,2": packet(b"0* "), b"m1,1": packet(b"}\x03" + b"1")})
    assert memory.read(0, 2) == b"\0\0"
    with pytest.raises(GuestMemoryFailed, match=re.escape("'#1'")):
        memory.read(1, 1)


@pytest.mark.parametrize(
    "answer",
    [
        packet(b"E14"),
        packet(b""),
        packet(b"0"),
        packet(b"000"),
        packet(b"00 0"),
        packet(b"zz00"),
        packet(b"000000"),
        packet(b"\xff\xfe00"),
        packet(b"OK"),
        b"$0000#00",
        b"$0000#zz",
        b"0000#c0",
        b"-$0000#c0",
        b"#00",
    ],
)
def test_answers_that_are_wrong(make, answer):
    memory, _ = make({b"m": answer})
    with pytest.raises(GuestMemoryFailed, match="GDB server"):
        memory.read(0x20, 2)


@pytest.mark.parametrize("answer", [b"", b"$", b"$0000", b"$0000#c", b"+", b"0000"])
def test_answers_that_do_not_come(make, answer):
    memory, _ = make({b"m": answer})
    with pytest.raises(GuestMemoryFailed, match=r"did not answer within 0\.2 s"):
        memory.read(0, 2)


def test_an_answer_without_an_end(make):
    memory, _ = make({b"m": b"$" + b"0" * (3 << 20)})
    with pytest.raises(GuestMemoryFailed, match="a packet without an end"):
        memory.read(0, 2)


@pytest.mark.parametrize("answer", [b"E01", b"", b"ok", b"KO"])
def test_what_is_not_written(make, answer):
    memory, _ = make({b"M": packet(answer)})
    with pytest.raises(GuestMemoryFailed, match="did not write 3 bytes at 0x10 of the guest"):
        memory.write(0x10, b"abc")


@pytest.mark.parametrize("answer", [b"W00", b"X09"])
def test_a_guest_that_has_ended(make, answer):
    memory, _ = make({b"stop": packet(answer)})
    with pytest.raises(GuestMemoryGone, match="has ended"):
        memory.read(0, 1)


def test_a_connection_that_is_closed(make):
    memory, server = make()
    assert memory.read(0, 1) == b"\0"
    server.connection.shutdown(socket.SHUT_RDWR)
    with pytest.raises(GuestMemoryGone):
        memory.read(0, 1)
    with pytest.raises(GuestMemoryGone):
        memory.write(0, b"x" * 100_000)
