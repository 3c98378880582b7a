"""Thumb: how often an instruction reads a product, or what was computed of a shifted operand, in code that is known."""

from __future__ import annotations

from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from tests.emulator.absent import target_or_skip

ROUNDS = 5
#: What each round is: its first line has two products that are read at once, the others an operand that is shifted.
BODY = (
    "mul r1, r2, r3; add r1, r1, r2; smulbb r1, r2, r3; nop; add r1, r1, r2; umull r1, r2, r3, r3; add r1, r1, r1; "
    "nop; eor r1, r2, r3, lsr #4; and r1, r1, #255; nop; eor r1, r2, r3; eor r1, r2, r1, lsl #1; "
    "nop; eor r1, r2, r3; eor r1, r1, r2, lsl #1; nop; lsl r1, r2, #3; add r1, r1, r2; nop"
)
PROGRAM = f"""#include "harness.h"
__attribute__((aligned(1024))) int main(void) {{ // QEMU ends a block at a page's end, and sees no pair over it
    harness_start("known");
    __asm__ volatile(".rept {ROUNDS}\\n {BODY}\\n .endr" : : : "r1", "r2", "r3", "cc");
    harness_stop();
    return 0;
}}
"""


def words_of(name, tmp_path):
    target = target_or_skip(name)
    main = tmp_path / "main.c"
    main.write_text(PROGRAM, encoding="utf-8")
    built = build_program(target, [main], tmp_path / "program")
    count = CProgram(built, tmp_path / "log", "classes", 60.0).run().count
    assert count is not None
    return count.regions[0].words


def test_known_code(tmp_path):
    words = words_of("m55", tmp_path)
    assert words["multiply_used"] == 2 * ROUNDS
    assert words["shift_used"] == 2 * ROUNDS
    assert "float_used" not in words


def test_what_the_model_of_a_core_has_no_cost_of_is_not_told(tmp_path):
    assert not {"multiply_used", "shift_used"} & words_of("m33", tmp_path).keys()
