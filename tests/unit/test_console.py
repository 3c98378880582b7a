"""The guest's console at its edges: no time left, the other end gone."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pexpect import EOF, TIMEOUT

from mpy_harness.board.console import Console, ConsoleClosed, WaitedLong


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Console, socket.socket]]:
    ours, its = socket.socketpair()
    with ours, its:
        console = Console(ours, tmp_path / "console.log")
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


def test_the_other_end_goes(ends):
    console, its = ends
    its.sendall(b"last words")
    its.close()
    with pytest.raises(ConsoleClosed):
        console.read_until([b"never"], time.monotonic() + 5)
    assert console.before == b"last words"
    with pytest.raises((EOF, TIMEOUT)):
        console.read_nonblocking(1, 0.1)
