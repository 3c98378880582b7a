"""The relay of an emulator's console: at once from the emulator, in order, both ways, to the end."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from mpy_harness.machines.relay import Relay

TIMEOUT = 20.0


class Ends:
    """What the relay connects: the reader's socket, and the pipes' ends that the emulator has."""

    def __init__(self) -> None:
        self.reader, relayed = socket.socketpair()
        self.reader.settimeout(TIMEOUT)
        self.its_input, to_guest = os.pipe()
        from_guest, self.its_output = os.pipe()
        self.relay = Relay(relayed, from_guest, to_guest)

    def end_output(self) -> None:
        os.close(self.its_output)
        self.its_output = -1

    def close(self) -> None:
        self.relay.close()
        self.reader.close()
        for end in (self.its_input, self.its_output):
            if end >= 0:
                os.close(end)


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.close()


def read_all(reader: socket.socket) -> bytes:
    parts = []
    while data := reader.recv(1 << 16):
        parts.append(data)
    return b"".join(parts)


def test_output_is_taken_while_nobody_reads(ends):
    data = os.urandom(8 << 20)  # many times what sockets and pipes hold
    writer = threading.Thread(target=lambda: [os.write(ends.its_output, data[at : at + 1]) for at in range(300_000)])
    writer.start()
    writer.join(TIMEOUT)
    assert not writer.is_alive()  # all was taken, and nothing read yet
    rest = memoryview(data)[300_000:]
    while rest:
        rest = rest[os.write(ends.its_output, rest) :]
    ends.end_output()
    assert read_all(ends.reader) == data


def test_both_ways_at_once(ends):
    ends.reader.sendall(b"to the guest")
    os.write(ends.its_output, b"from the guest")
    assert ends.reader.recv(100) == b"from the guest"
    assert os.read(ends.its_input, 100) == b"to the guest"


def test_long_input_waits_for_a_slow_guest(ends):
    data = os.urandom(3 << 20)
    sender = threading.Thread(target=ends.reader.sendall, args=(data,))
    sender.start()
    received = b""
    while len(received) < len(data):
        received += os.read(ends.its_input, 1 << 16)
    sender.join(TIMEOUT)
    assert received == data


def test_the_end_comes_after_the_last_byte(ends):
    os.write(ends.its_output, b"last words")
    ends.end_output()
    assert read_all(ends.reader) == b"last words"


@pytest.mark.parametrize("who", ["reader", "relay"])
def test_nothing_stays_open(ends, who):
    if who == "reader":
        ends.reader.close()
        with contextlib.suppress(BrokenPipeError):  # the relay may have noticed by now
            os.write(ends.its_output, b"to nobody")
    ends.relay.close()
    ends.relay.close()
    assert os.read(ends.its_input, 100) == b""
    with pytest.raises(BrokenPipeError):
        os.write(ends.its_output, b"to nobody")
    if who == "relay":
        assert read_all(ends.reader) == b""


@pytest.mark.parametrize("is_full", [False, True])
def test_a_pipe_that_was_full_may_have_lost_output(is_full):
    reader, relayed = socket.socketpair()
    _, to_guest = its_input = os.pipe()
    from_guest, its_output = os.pipe()
    os.set_blocking(its_output, False)
    with contextlib.suppress(BlockingIOError):
        os.write(its_output, b"x" * 1000)
        while is_full:
            os.write(its_output, b"x" * 1000)
    relay = Relay(relayed, from_guest, to_guest)
    os.close(its_output)
    assert read_all(reader)
    assert relay.may_have_lost is is_full
    relay.close()
    reader.close()
    os.close(its_input[0])
