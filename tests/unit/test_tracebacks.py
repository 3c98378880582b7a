"""Exceptions of the guest, from what MicroPython prints."""

from __future__ import annotations

from mpy_harness.board.tracebacks import guest_exception

HEAD = "Traceback (most recent call last):\r\n"


def test_a_traceback_without_frames_of_the_program_says_it_once():
    error = guest_exception(HEAD + '  File "_mpyh.py", line 1, in run\r\nTypeError: no\r\n', "")
    assert (error.type, error.message, str(error)) == ("TypeError", "no", "TypeError: no")


def test_an_exception_without_a_message():
    error = guest_exception(HEAD + '  File "_mpyh.py", line 1, in run\r\nKeyboardInterrupt: \r\n', "")
    assert (error.type, error.message, str(error)) == ("KeyboardInterrupt", "", "KeyboardInterrupt")


def test_a_recursion_is_summed_up():
    frame = '  File "x.py", line 1, in f\r\n'
    error = guest_exception(
        HEAD
        + '  File "x.py", line 2, in <module>\r\n'
        + 90 * frame
        + "RuntimeError: maximum recursion depth exceeded\r\n",
        "",
    )
    assert error.traceback.splitlines() == [
        HEAD.strip(),
        '  File "x.py", line 2, in <module>',
        *3 * ['  File "x.py", line 1, in f'],
        "  [Previous line repeated 87 more times]",
        "RuntimeError: maximum recursion depth exceeded",
    ]


def test_a_message_of_several_lines():
    error = guest_exception(HEAD + '  File "x.py", line 2, in <module>\r\nValueError: one\r\ntwo: three\r\n', "")
    assert error.message == "one\ntwo: three"
