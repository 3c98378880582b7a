"""Counts on a Pico: what is counted, by hand, and whether it is the same in each boot."""

from __future__ import annotations

import pytest

PROGRAMS = {
    "python": "for i in range(300): i * i",
    "lists": "s = []\nfor i in range(800): s.append([i])\ns = None",
    "floats": "x = 0.0\nfor i in range(500): x = x + 1.5",
}


def loops(board, turns: int) -> int:
    """Return the instructions of a loop of three instructions, the branch included, and of what surrounds it."""
    with board.count("loop") as count:
        board.exec(f"loop({turns})")
    return count.instructions


def test_a_loop_of_known_length(board):
    board.exec(
        "@micropython.asm_thumb\n"
        "def loop(r0):\n    label(L)\n    mov(r1, r1)\n    sub(r0, 1)\n    bne(L)\n"
    )  # fmt: skip
    counts = [loops(board, turns) for turns in (1000, 2000, 6000, 6000)]
    assert counts[1] - counts[0] == 3 * 1000
    assert counts[2] - counts[1] == 3 * 4000
    assert counts[3] == counts[2]


def test_what_interrupts_do_is_not_counted(board):
    board.exec(
        "import machine, micropython\n"
        "hits = [0]\n"
        "def hit(t): hits[0] += 1\n"
        "@micropython.viper\n"
        "def spin(n: int):\n"
        "    while n:\n"
        "        n -= 1\n"
    )
    with board.count("quiet") as quiet:
        board.exec("spin(40000)")
    board.exec("t = machine.Timer(freq=5000, mode=machine.Timer.PERIODIC, callback=hit, hard=True)")
    with board.count("busy") as busy:
        board.exec("spin(40000)")
    board.exec("t.deinit()")
    assert board.eval("hits[0]") >= 4
    assert busy.instructions == quiet.instructions


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_count_is_the_same_in_each_boot(boot, name):
    counts = []
    for _ in range(2):
        board = boot()
        with board.count(name) as count:
            board.exec(PROGRAMS[name])
        assert count.exact
        counts.append(count.instructions)
        board.close()
    assert counts[0] == counts[1]


def test_regions_that_the_guest_marks(board):
    board.exec("import harness_mark")
    with board.count("all") as count:
        board.exec("with harness_mark.region('inner'):\n    for i in range(100): i * i")
    assert 0 < count["inner"].instructions < count.instructions
