"""The guest's console at its edges: no time left, the other end gone."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pexpect import EOF, TIMEOUT

from mpy_harness.board.console import Console, ConsoleClosed, WaitedLong
from mpy_harness.machines import Clock, DescriptorStream
from tests.pseudo_terminals import pseudo_terminal


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Console, socket.socket]]:
    ours, its = socket.socketpair()
    with ours, its:
        console = Console(DescriptorStream(ours), tmp_path / "console.log", Clock())
        yield console, its
        console.close()


def test_no_time_left_is_no_end(ends):
    console, its = ends
    for timeout in (0, 0.0, 1e-9):
        with pytest.raises(TIMEOUT):
            console.read_nonblocking(1, timeout)
    its.sendall(b"x")
    assert console.read_nonblocking(1, 0) == b"x"


def test_waiting_has_an_end(ends):
    console, its = ends
    its.sendall(b"something else")
    with pytest.raises(WaitedLong):
        console.read_until([b"never"], time.monotonic() + 0.01)
    assert console.read_until([b"else"], time.monotonic() + 5) == (0, b"something ")


def test_one_that_never_stops_sending_has_an_end(ends):
    """Nor does what was sent by the deadline get lost."""
    console, its = ends
    over = threading.Event()

    def send() -> None:
        its.settimeout(5)
        while not over.is_set():
            its.sendall(b"again")

    thread = threading.Thread(target=send)
    thread.start()
    try:
        begun = time.monotonic()
        with pytest.raises(WaitedLong):
            console.read_until([b"never"], begun + 0.2)
        assert time.monotonic() - begun < 5
    finally:
        over.set()
        while thread.is_alive():  # it may be waiting for room
            with contextlib.suppress(TIMEOUT):
                console.read_nonblocking(65536, 0.05)
    its.sendall(b"x" * 5000 + b"the end")
    index, before = console.read_until([b"the end"], time.monotonic())
    assert (index, before[-5000:]) == (0, b"x" * 5000)


def test_what_was_not_taken_is_found_by_pexpect(ends):
    console, its = ends
    its.sendall(b"one, two, three, four, five")
    deadline = time.monotonic() + 5
    assert console.read_until([b"three", b"two"], deadline) == (1, b"one, ")
    assert console.read_exactly(2, deadline) == b", "
    assert console.expect(b"th.*?,", timeout=5) == 0
    assert console.after == b"three,"
    assert console.read_until([b"five"], deadline) == (0, b" four, ")
    assert console.unread() == b""


def test_a_mark_that_comes_byte_by_byte(ends):
    console, its = ends
    for byte in b"ab":
        its.sendall(bytes([byte]))
        with pytest.raises(WaitedLong):
            console.read_until([b"abc"], time.monotonic())
    its.sendall(b"cd")
    assert console.read_until([b"abc"], time.monotonic() + 5) == (0, b"")
    assert console.unread() == b"d"


def test_the_other_end_goes(ends):
    console, its = ends
    its.sendall(b"last words")
    its.close()
    with pytest.raises(ConsoleClosed):
        console.read_until([b"never"], time.monotonic() + 5)
    assert console.before == b"last words"
    with pytest.raises((EOF, TIMEOUT)):
        console.read_nonblocking(1, 0.1)


def test_a_pair_of_pipes(tmp_path):
    from_guest, its_output = os.pipe()
    its_input, to_guest = os.pipe()
    with os.fdopen(from_guest, "rb") as reads, os.fdopen(to_guest, "wb") as writes:
        console = Console(DescriptorStream(reads, writes), tmp_path / "console.log", Clock())
        os.write(its_output, b"hello")
        assert console.read_exactly(5, time.monotonic() + 5) == b"hello"
        console.send("text\n")
        assert os.read(its_input, 100) == b"text\n"
        os.close(its_output)
        with pytest.raises(ConsoleClosed):
            console.read_exactly(1, time.monotonic() + 5)
        os.close(its_input)
        with pytest.raises(ConsoleClosed):
            console.write_bytes(b"more")
        console.close()
    with pytest.raises(EOF):
        console.read_nonblocking(1, 0)


def test_a_guest_that_takes_nothing_is_not_waited_for_without_end(ends):
    stream = DescriptorStream(ends[1])
    with pytest.raises(TimeoutError):
        stream.write(bytes(16 << 20), 0.01)


def test_a_terminal_whose_other_side_goes_is_at_its_end(tmp_path):
    ours, its = pseudo_terminal()
    with os.fdopen(ours, "r+b", buffering=0) as file:
        stream = DescriptorStream(file)
        os.write(its, b"bye")
        os.close(its)
        assert stream.read(10, 5) == b"bye"
        assert stream.read(10, 5) == b""
