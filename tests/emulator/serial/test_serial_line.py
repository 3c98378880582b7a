"""A line that loses bytes or is slow: the value is right, or the error is one of the machinery."""

from __future__ import annotations

import ast

import pytest

from mpy_harness.board.repl_channel import literal
from mpy_harness.errors import MachineryError

VALUE = [bytes(range(256)) * 3, "text", 1.5, list(range(40))]


class Losing:
    """Loses the n-th byte from now on, once; ``flips``: it arrives, but as another."""

    def __init__(self, place: int, *, flips: bool) -> None:
        self.left, self.flips = place, flips

    def __call__(self, data: bytes) -> bytes:
        at, self.left = self.left, self.left - len(data)
        if not 0 <= at < len(data):
            return data
        return data[:at] + (bytes([data[at] ^ 0x20]) if self.flips else b"") + data[at + 1 :]


@pytest.mark.parametrize("flips", [False, True], ids=["lost", "changed"])
@pytest.mark.parametrize("way", ["to_board", "to_host"])
def test_a_byte_that_does_not_arrive(desk, connect, way, flips):
    board = connect(desk, timeout=2)
    board.exec("def same(v): return v")
    failed = 0
    for place in (1, 14, 300, 1150):
        if not board.usable:
            board.hard_reset()
            board.exec("def same(v): return v")
        setattr(desk, way, Losing(place, flips=flips))
        try:
            assert board.call("same", VALUE) == VALUE, place
        except MachineryError:
            failed += 1
        setattr(desk, way, bytes)
    assert failed
    if not board.usable:
        board.hard_reset()
    assert board.eval("6 * 7") == 42


def test_a_line_that_is_slow(desk, connect):
    desk.delay = 0.02
    board = connect(desk)
    assert board.call("lambda v: v", VALUE) == VALUE
    board.soft_reset()
    assert board.exec("print(1)") == "1\n"


def test_a_literal_has_nothing_that_a_repl_takes_for_itself():
    data = bytes(range(256))
    text = literal(data)
    assert not set(text) & set(b"\x03\x04\r\n")
    assert ast.literal_eval(text.replace(b"\0", rb"\0").decode("latin-1")[1:]).encode("latin-1") == data
