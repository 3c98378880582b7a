"""Answers of Renode's monitor belong to their commands, also where one came late."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from mpy_harness.errors import EmulatorRefused
from mpy_harness.machines import Clock
from mpy_harness.machines.renode.monitor import Monitor, MonitorClosedError

SECONDS = 20.0
AT_ONCE = 0.01


@pytest.fixture
def renode() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection; the second speaks as Renode does."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(SECONDS)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def monitor(renode) -> Monitor:
    ours, theirs = renode
    monitor = Monitor(ours, Clock())
    theirs.sendall(b"\x1b[33;1m\r\n(monitor) ")
    monitor.greet(SECONDS)
    return monitor


def answering(theirs: socket.socket, command: bytes, answer: bytes) -> threading.Thread:
    """Answer a command when it comes; the thread ends then."""

    def serve() -> None:
        received = b""
        while not received.endswith(command + b"\n"):
            received += theirs.recv(4096) or pytest.fail("the monitor is gone")
        theirs.sendall(command + b"\r\n" + answer + b"\r\n(board) ")

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_an_answer_is_what_stands_between_command_and_prompt(renode, monitor):
    thread = answering(renode[1], b"cpu PC", b"\x1b[32m0x1234\x1b[0m")
    assert monitor.execute("cpu PC", SECONDS) == "0x1234"
    thread.join(SECONDS)


def test_a_late_answer_is_not_taken_for_the_next_ones(renode, monitor):
    _, theirs = renode
    with pytest.raises(EmulatorRefused, match="did not give an answer to 'cpu PC' within"):
        monitor.execute("cpu PC", AT_ONCE)
    theirs.sendall(b"cpu PC\r\n0x1111\r\n(boa")
    with pytest.raises(EmulatorRefused, match="did not give an answer to an earlier command within"):
        monitor.execute("cpu SP", AT_ONCE)  # it is not even sent
    theirs.sendall(b"rd) ")
    thread = answering(theirs, b"cpu SP", b"0x2222")
    assert monitor.execute("cpu SP", SECONDS) == "0x2222"
    thread.join(SECONDS)


@pytest.mark.parametrize("command", ["cpu PC\ncpu SP", "cpu PC\r"])
def test_one_command_at_a_time(monitor, command):
    with pytest.raises(EmulatorRefused, match="has more than one line"):
        monitor.execute(command, SECONDS)


def test_an_end_is_told(renode, monitor):
    renode[1].close()
    with pytest.raises(MonitorClosedError):
        monitor.execute("cpu PC", SECONDS)


def test_what_has_no_end_is_no_answer(renode, monitor):
    _, theirs = renode

    def flood() -> None:
        with contextlib.suppress(OSError):
            while True:
                theirs.sendall(b"uart0: (board) is not there\r\n" * 2000)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        with pytest.raises(EmulatorRefused, match="says without end what is not an answer to 'cpu PC'"):
            monitor.execute("cpu PC", SECONDS)
    finally:
        renode[0].close()
        thread.join(SECONDS)
