"""@pytest.mark.budget(leak=0): what each call of a test leaves in use."""

from __future__ import annotations

import pytest

from tests.emulator.projects import run, write

TESTS = """
import pytest

PROGRAM = '''
held = [None] * 100
def leaky(at):
    held[at] = bytearray(40)
def harmless(at):
    bytearray(40)
'''

@pytest.mark.budget(leak=0)
@pytest.mark.parametrize("function", ["leaky", "harmless"])
def test_calls(board, function):
    board.exec(PROGRAM)
    for at in range(5):
        board.call(function, at)

@pytest.mark.budget(leak=64)
def test_some_may_stay(board):
    board.exec(PROGRAM)
    for at in range(5):
        board.call("leaky", at)
"""


def test_a_leak_fails_the_test(project: pytest.Pytester) -> None:
    write(project, test_leaks=TESTS)
    result = run(project)
    result.assert_outcomes(failed=1, passed=2)
    said = "the test made 6 calls, and at the median each left 64 B in use, 0 B are allowed (64 B more)"
    assert said in result.stdout.str()
    assert "test_calls[leaky-m33]" in result.stdout.str() or "test_calls[m33-leaky]" in result.stdout.str()
