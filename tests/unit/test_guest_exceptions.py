"""Any text that a guest may print for an exception becomes one, without our frames and without a crash."""

from __future__ import annotations

import random

import pytest

from mpy_harness.board.tracebacks import guest_exception, is_ours
from mpy_harness.errors import GuestException

HEAD = "Traceback (most recent call last):\r\n"
TEXT = (
    HEAD
    + '  File "<stdin>", line 1, in <module>\r\n'
    + '  File "_mpyh.py", line 203, in run\r\n'
    + '  File "_mpyh.py", line 227, in do_exec\r\n'
    + '  File "mine.py", line 5, in <module>\r\n'
    + '  File "lib/more.py", line 2, in f\r\n'
    + "ValueError: wrong: really\r\n"
)


def test_our_frames_are_left_out():
    error = guest_exception(TEXT, "before\n")
    assert isinstance(error, GuestException)
    assert (error.type, error.message, error.output) == ("ValueError", "wrong: really", "before\n")
    assert error.traceback == (
        "Traceback (most recent call last):\n"
        '  File "mine.py", line 5, in <module>\n'
        '  File "lib/more.py", line 2, in f\n'
        "ValueError: wrong: really"
    )
    assert str(error).startswith("ValueError: wrong: really\nTraceback")


@pytest.mark.parametrize(
    ("summary", "kind", "message"),
    [
        ("ValueError: ", "ValueError", ""),
        ("AssertionError", "AssertionError", ""),
        ("OSError: [Errno 2] ENOENT", "OSError", "[Errno 2] ENOENT"),
        ("ValueError: two\r\nlines: here", "ValueError", "two\nlines: here"),
        ("Exited: 3", "SystemExit", "3"),
        ("Mine: Exited: 3", "Mine", "Exited: 3"),
    ],
)
@pytest.mark.parametrize("frames", ["", HEAD, HEAD + '  File "a.py", line 1\r\n'])
def test_types_and_messages(summary, kind, message, frames):
    error = guest_exception(f"{frames}{summary}\r\n", "")
    assert (error.type, error.message) == (kind, message)


def test_a_message_that_looks_like_a_frame():
    error = guest_exception(HEAD + '  File "a.py", line 1, in f\r\nMine: File "_mpyh.py", line 3\r\n', "")
    assert (error.type, error.message) == ("Mine", 'File "_mpyh.py", line 3')


def test_a_traceback_that_was_cut_off():
    error = guest_exception(HEAD + '  File "a.py", line 1, in f', "")
    assert (error.type, error.message) == ("Exception", "(the guest did not say which)")


def test_noise_never_crashes():
    chance = random.Random(1)
    for _ in range(500):
        start, end = sorted(chance.randrange(len(TEXT) + 1) for _ in range(2))
        text = TEXT[start:end] + "".join(chance.choice('\r\n: "aF,') for _ in range(chance.randrange(6)))
        assert isinstance(guest_exception(text, ""), GuestException)


def test_whose_frame_it_is():
    assert is_ours('  File "_mpyh.py", line 3, in run')
    assert is_ours('  File "<stdin>", line 1, in <module>')
    assert not is_ours('  File "my_mpyh.py", line 3, in run')
    assert not is_ours("ValueError: _mpyh")
    assert not is_ours("")
