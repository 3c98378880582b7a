"""Guest code that executes marks itself, and what a count has to say of it; on any Cortex-M board that counts."""

from __future__ import annotations

import pytest

from mpy_harness.board import Board
from mpy_harness.errors import CountInvalid

#: Moves of registers to themselves (architectures/marks.py): bits of a name, start, pause, resume.
GUEST = """
@micropython.asm_thumb
def pause():
    data(2, 0x462D)

@micropython.asm_thumb
def resume():
    data(2, 0x4636)

@micropython.asm_thumb
def one_bit():
    data(2, 0x46D2)

@micropython.asm_thumb
def begin():
    data(2, 0x46C9, 0x46C9, 0x46C9, 0x46C9, 0x46C9, 0x46C9, 0x46C9, 0x46D2, 0x46DB)

@micropython.asm_thumb
def end():
    data(2, 0x46C9, 0x46C9, 0x46C9, 0x46C9, 0x46D2, 0x46C9, 0x46D2, 0x46D2, 0x46DB)

@micropython.asm_thumb
def end_all():
    data(2, 0x46C9, 0x46C9, 0x46C9, 0x46C9, 0x46C9, 0x46C9, 0x46D2, 0x46D2, 0x46DB)

def work():
    for _ in range(1000):
        pass

def run(*functions):
    for function in functions:
        globals()[function]()
"""

PAUSED, BEGUN, ENDED = "counting was paused", "begins to count", "ends a count"
#: What the guest calls, one after the other, and what is said.
TAMPERED = [
    (("pause", "work"), PAUSED),
    (("pause", "work", "pause", "resume"), PAUSED),
    (("work", "pause"), PAUSED),
    (("end", "work"), ENDED),
    (("end", "work", "begin"), ENDED),
    (("end", "work", "begin", "end", "begin"), ENDED),
    (("end", "work", "one_bit"), ENDED),
    (("end", "pause", "work"), ENDED),
    (("end_all", "work"), ENDED),
    (("end_all", "work", "begin"), ENDED),
    (("begin", "work"), BEGUN),
    (("work", "begin"), BEGUN),
]


def check(board: Board, *, cases: list[tuple[tuple[str, ...], str]] = TAMPERED) -> None:
    """Check that a board refuses each of the counts, and counts as before afterwards."""
    board.exec(GUEST)
    usual = counted(board, "work")
    for functions, said in cases:
        with pytest.raises(CountInvalid, match=said), board.count("tampered") as count:
            board.call("run", *functions)
        assert not count.exact
        board.call("run", *functions)  # where nothing is counted
        assert counted(board, "work") == usual, "it leaves nothing behind"
    assert counted(board, "one_bit", "work") > 0, "nothing is left out by bits without a start"
    assert counted(board, "pause", "work", "resume") < usual, "waiting that ends counts for nothing"


def counted(board: Board, *functions: str) -> int:
    with board.count(listed=False) as count:
        board.call("run", *functions)
    assert count.exact
    assert count.finished
    return count.instructions
