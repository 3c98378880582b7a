"""Instructions by class: hand-made code of which the classes are known, one round of it more each time."""

from __future__ import annotations

from collections import Counter

import pytest

from mpy_harness.board import Board
from tests.emulator.counted_programs import CALLS, define

# A body for a loop; r4 points to memory, r0 counts down, and what each line is.
BODIES: dict[str, tuple[str, dict[str, int]]] = {
    "arithmetic": (
        """
    add(r1, r1, r2)
    eor(r1, r2)
    lsl(r1, r2)
    mov(r3, r1)
    clz(r3, r3)
    nop()
    cmp(r1, r2)
    mul(r1, r2)
    mul(r1, r2)
    sdiv(r3, r2, r2)
    udiv(r3, r1, r2)
    data(2, 0xFB01, 0x1302)  # mla r3, r1, r2, r1
    data(2, 0xFBA1, 0x3502)  # umull r3, r5, r1, r2
    data(2, 0xFA83, 0xF383)  # qadd r3, r3, r3
    data(2, 0xFA83, 0xF343)  # uadd8 r3, r3, r3
    data(2, 0xFB23, 0xF303)  # smuad r3, r3, r3
    data(2, 0xF3BF, 0x8F4F)  # dsb
    data(2, 0xF3EF, 0x8314)  # mrs r3, control
""",
        {"integer": 7, "multiply": 4, "divide": 2, "dsp": 3, "system": 2},
    ),
    "floats": (
        """
    vadd(s0, s0, s1)
    vsub(s0, s0, s1)
    vneg(s2, s0)
    vcmp(s0, s1)
    vmul(s2, s1, s1)
    vmul(s2, s1, s1)
    vdiv(s3, s1, s1)
    vsqrt(s3, s1)
    data(2, 0xEEA0, 0x0A81)  # vfma.f32 s0, s1, s2
    vcvt_f32_s32(s4, s4)
    vcvt_s32_f32(s4, s4)
    vmov(r3, s1)
    vmov(s1, r3)
    vmrs(r3, FPSCR)
""",
        {"float_add": 4, "float_multiply": 2, "float_divide": 1, "float_square_root": 1, "float_multiply_add": 1,
         "float_convert": 2, "float_move": 3},
    ),
    "memory": (
        """
    ldr(r3, [r4, 0])
    ldrh(r3, [r4, 2])
    ldrb(r3, [r4, 3])
    str(r3, [r4, 4])
    strh(r3, [r4, 6])
    strb(r3, [r4, 7])
    vldr(s5, [r4, 8])
    vstr(s5, [r4, 12])
    push({r1, r2, r3})
    pop({r1, r2, r3})
    data(2, 0xE9D4, 0x5604)  # ldrd r5, r6, [r4, 16]
    data(2, 0xE9C4, 0x5604)  # strd r5, r6, [r4, 16]
""",
        {"load": 6, "store": 6, "load_words": 3 + 1 + 3 + 2, "store_words": 3 + 1 + 3 + 2},
    ),
    "branches": (
        """
    cmp(r0, 0)
    beq(END)
    bmi(END)
    bne(HERE)
    nop()
    label(HERE)
    b(THERE)
    label(THERE)
    data(2, 0xB108)          # cbz r0 over one
    nop()
    data(2, 0xB900)          # cbnz r0 to the next but one
    nop()
    bl(CALLED)
    b(AGAIN_END)
    label(CALLED)
    bx(lr)
    label(AGAIN_END)
""",
        {"integer": 2, "branch_taken": 4, "branch_not_taken": 3, "call": 1, "return": 1},
    ),
    "conditions": (
        """
    cmp(r0, 0)
    itte(eq)
    add(r1, r1, 1)
    ldr(r3, [r4, 0])
    str(r3, [r4, 0])
""",
        {"integer": 3, "load": 1, "store": 1, "load_words": 1, "store_words": 1},
    ),
}  # fmt: skip
LOOP = """
@micropython.asm_thumb
def loop(r0, r1):
    mov(r4, r1)
    mov(r1, 1)
    mov(r2, 3)
    label(AGAIN)
    BODY
    sub(r0, 1)
    bne(AGAIN)
    label(END)
    mov(r0, 0)
"""
ROUND = Counter({"integer": 1, "branch_taken": 1})  # of the loop itself


def executed(board: Board, rounds: int) -> Counter[str]:
    with board.count() as count:
        board.call("around", rounds)
    assert sum(count.classes.values()) == count.instructions
    return Counter(count.classes) + Counter({name: count.words[name] for name in ("load_words", "store_words")})


@pytest.mark.parametrize("name", BODIES)
def test_hand_made_code(counting, name):
    body, expected = BODIES[name]
    board = counting("classes")
    board.exec(LOOP.replace("    BODY\n", body))
    board.exec("import uctypes\nmemory = bytearray(64)\ndef around(n): loop(n, uctypes.addressof(memory))")
    found = {rounds: executed(board, rounds) for rounds in (1, 2, 12)}
    for rounds in (2, 12):
        difference = found[rounds].copy()
        difference.subtract(found[1])
        each = Counter(expected) + ROUND
        assert {k: v for k, v in difference.items() if v} == {k: (rounds - 1) * v for k, v in each.items()}


# Each with how many instructions of a round follow divisions, and how often the flow turns among them. The loop's own
# subtraction and branch come last.
BEHIND = {
    "all of a round but what is before": ("nop()\nvdiv(s3, s1, s1)\nnop()", 1 + 2 + 1, 1),
    "the load is of the unit": ("vdiv(s3, s1, s1)\nnop()\nvldr(s4, [r4, 0])\nnop()", 1, 0),
    "a root, which is read": ("vsqrt(s3, s1)\nadd(r1, 1)\nadd(r1, 1)\nvmov(r3, s3)", 2, 0),
    "one after the other": ("vdiv(s3, s1, s1)\nvdiv(s3, s1, s1)\nnop()", 1 + 2, 1),
    "no more than 13": ("vdiv(s3, s1, s1)\n" + "nop()\n" * 12, 13, 0),
    "in the next round, no more than 13": ("nop()\n" * 9 + "vadd(s0, s0, s1)\nvdiv(s3, s1, s1)\nnop()", 3 + 9, 1),
    "not a division of integers": ("sdiv(r3, r2, r2)\nnop()", 0, 0),
}


@pytest.mark.parametrize("name", BEHIND)
def test_what_follows_a_division_of_floats_is_counted(counting, name):
    body, behind, turns = BEHIND[name]
    board = counting("classes")
    board.exec(LOOP.replace("    BODY\n", "".join(f"    {line}\n" for line in body.splitlines())))
    board.exec("import uctypes\nmemory = bytearray(64)\ndef around(n): loop(n, uctypes.addressof(memory))")
    found = []
    for rounds in (3, 13):
        with board.count() as count:
            board.call("around", rounds)
        found.append((count.words["behind_divide"], count.words["behind_divide_turns"]))
    (few, few_turns), (many, many_turns) = found
    assert (many - few, many_turns - few_turns) == (10 * behind, 10 * turns)


def test_all_add_up(counting):
    board = counting("classes")
    define(board)
    for name, arguments in CALLS:
        with board.count() as count:
            board.call(name, *arguments)
        assert sum(count.classes.values()) == count.instructions > 0
        assert min(count.classes.values()) >= 0
        assert count.classes.get("unknown", 0) == 0
        assert count.words["load_words"] >= count.classes["load"]


def test_regions_inside_have_classes_of_their_own(counting):
    board = counting("classes")
    board.exec(LOOP.replace("    BODY\n", BODIES["floats"][0]))
    board.exec("""
        import harness_mark as m
        def around(n, loop=loop):
            with m.region("inside"):
                loop(n, 0)
    """)
    found = []
    for rounds in (1, 11):
        with board.count() as count:
            board.call("around", rounds)
        assert sum(count["inside"].classes.values()) == count["inside"].instructions
        assert all(count.classes.get(name, 0) >= value for name, value in count["inside"].classes.items())
        found.append(count["inside"].classes)
    assert found[1]["float_square_root"] - found[0]["float_square_root"] == 10


def test_a_cycle_model_gives_cycles(counting, m33):
    board = counting("classes")
    board.exec("def f(n):\n for i in range(n): pass")
    estimates = []
    for n in (10, 20, 30):
        with board.count() as count:
            board.call("f", n)
        estimate = count.estimate(m33.cycles)
        assert estimate.cycles >= count.instructions / 2
        estimates.append(estimate.cycles)
    assert estimates[2] - estimates[1] == pytest.approx(estimates[1] - estimates[0])
