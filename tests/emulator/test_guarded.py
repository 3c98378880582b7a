from __future__ import annotations

import numpy as np
import pytest

from mpy_harness.board.guarded import Guarded
from mpy_harness.errors import GuestException

# Functions that do what they should not, as native code can.
WRONG = """
@micropython.viper
def behind(src: ptr8, out: ptr8):
    out[16] = 1

@micropython.viper
def before(src: ptr8, out: ptr8):
    out[-1] = 1

@micropython.viper
def into_input(src: ptr8, out: ptr8):
    src[3] = 1

def copy(src, out):
    out[:] = src

def negate(out):
    for at in range(len(out)):
        out[at] = -out[at]

class Functions:
    behind = staticmethod(behind)
    before = staticmethod(before)
    into_input = staticmethod(into_input)
    copy = staticmethod(copy)
    negate = staticmethod(negate)
"""
X = np.arange(8, dtype=np.int16)


@pytest.fixture
def functions(board, guarded):
    board.exec(WRONG)
    return board.eval("Functions()")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("behind", "memory after the output was overwritten"),
        ("before", "memory before the output was overwritten"),
        ("into_input", "input was changed"),
    ],
)
def test_what_is_written_where_it_should_not_is_found(name, message, functions, guarded):
    with pytest.raises(GuestException, match=f"AssertionError: .*{message}"):
        guarded.call(functions, name, X, ..., out=("h", 8))
    with pytest.raises(GuestException, match=f"AssertionError: .*{message}"):
        guarded.run(functions, name, X, [8])


def test_outputs_come_back(functions, guarded):
    np.testing.assert_array_equal(guarded.call(functions, "copy", X, ..., out=("h", 8)), X)
    np.testing.assert_array_equal(guarded.run(functions, "copy", X, [3, 0, 5]), X)
    np.testing.assert_array_equal(guarded.run(functions, "negate", X, [3, 5], in_place=True), -X)
    np.testing.assert_array_equal(
        guarded.call(functions, "negate", ..., out=("h", 8), filled=X[:5]), [*-X[:5], 0, 0, 0]
    )


def test_the_calls_alone_are_counted(board, functions, guarded):
    guarded.call(functions, "copy", X, ..., out=("h", 8), counted=False)
    assert board.counts == []
    guarded.run(functions, "copy", X, [4, 4])
    assert [count.name for count in board.counts] == ["", ""]
    assert all(0 < count.instructions < 5000 for count in board.counts)


def test_the_fixture_is_the_class(guarded):
    assert isinstance(guarded, Guarded)
