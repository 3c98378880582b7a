"""Counts are exact: the same in all modes, one by one as by blocks, and what code of known length comes to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

import pytest

from mpy_harness.board import Board
from mpy_harness.counting.instrument import Mode
from tests.emulator.counted_programs import CALLS, DEVICE_REGISTER, counts, define, measured
from tests.emulator.tiny import build_tiny

MODES: tuple[Mode, ...] = get_args(Mode)


def test_all_modes_agree(counting):
    one_by_one = counting("instructions")
    define(one_by_one)
    expected = counts(one_by_one)
    for mode in MODES:
        board = counting(mode)
        define(board)
        found = {}
        for name, arguments in CALLS:
            with board.count(name) as count:
                board.call(name, *arguments)
            found[name] = count.instructions
            assert count.exact
            if mode == "classes":
                assert sum(count.classes.values()) == count.instructions, name
                assert min(count.classes.values()) >= 0, name
            if mode == "functions":
                assert count.profile.root.inclusive == count.instructions, name
                assert all(cost.exclusive >= 0 and cost.calls >= 0 for cost in count.profile.functions()), name
        assert found == expected, mode


def everything(board: Board) -> dict[str, tuple[object, ...]]:
    """Return all that is known of each program in the mode of the board."""
    define(board)
    found: dict[str, tuple[object, ...]] = {}
    for name, arguments in CALLS:
        with board.count(name) as count:
            board.call(name, *arguments)
        tree = count.profile.to_json() if count.profile is not None else None
        found[name] = (count.instructions, count.exact, count.classes, count.words, count.memory, tree)
    return found


@pytest.mark.skipif(
    "MPY_HARNESS_SECOND_QEMU" not in os.environ,
    reason="MPY_HARNESS_SECOND_QEMU names no other qemu-system-arm to compare with",
)
@pytest.mark.parametrize("mode", MODES)
def test_another_qemu_agrees(boot, tmp_path, monkeypatch, mode):
    expected = everything(boot(mode))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "qemu-system-arm").symlink_to(os.environ["MPY_HARNESS_SECOND_QEMU"])
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert everything(boot(mode)) == expected


def test_new_code_at_an_old_address(counter):
    # How much follows a device's access in its block is another matter in every life.
    def length(behind: int) -> int:
        counter.soft_reset()
        adds = ["add(r1, r1, 1)"] * 30
        body = ["ldr(r1, [r0, 0])", *adds[:behind], "b(HERE)", "label(HERE)", *adds[behind:], "mov(r0, 0)"]
        counter.exec("@micropython.asm_thumb\ndef reads(r0):\n " + "\n ".join(body))
        return measured(counter, "reads", DEVICE_REGISTER)

    assert len({length(behind) for behind in (1, 9, 2, 30, 9)}) == 1


RUN_AT = """
import uctypes

kept = bytearray(3 * 1024)
behind = (uctypes.addressof(kept) + 2047) // 1024 * 1024    # a page of QEMU's begins there

@micropython.asm_thumb
def jump(r0):
    data(2, 0x4780)    # blx r0

def run(code):
    uctypes.bytearray_at(behind - 4, len(code))[:] = code
    jump(behind - 4 + 1)
"""
SHORT_LOAD = bytes.fromhex("0099 00bf 7047")  # ldr r1, [sp]; nop; bx lr
WIDE_LOAD = bytes.fromhex("ddf80010 7047")  # ldr.w r1, [sp]; bx lr: the load alone is a block of QEMU's


@pytest.mark.parametrize("mode", MODES)
def test_a_load_alone_in_its_block_where_a_longer_block_was(counting, mode):
    # As where one module's code was, and now another's is.
    board = counting(mode)
    board.exec(RUN_AT)
    found = [measured(board, "run", code) for code in (WIDE_LOAD, SHORT_LOAD, WIDE_LOAD, WIDE_LOAD, SHORT_LOAD)]
    wide = found[0]
    assert found == [wide, wide + 1, wide, wide, wide + 1]


# --- code of known length ------------------------------------------------------------------------

LOOPS = """
@micropython.asm_thumb
def two(r0):           # two instructions a round
    label(AGAIN)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def seven(r0):         # six, and a seventh that its condition turns off every second time
    mov(r2, 1)
    label(AGAIN)
    add(r1, r1, 1)
    tst(r0, r2)
    ite(eq)
    add(r1, r1, 1)
    sub(r1, r1, 1)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def straight(r0):      # as many as there are behind the address that it jumps to
    mov(r1, 20)
    sub(r1, r1, r0)
    add(r1, r1, r1)
    mov(r2, pc)
    add(r2, r2, r1)
    add(r2, 7)
    data(2, 0x4710)    # bx r2
    ALL
    mov(r0, 0)

@micropython.asm_thumb
def calls(r0):         # four for the loop and three for what it calls
    b(BEGIN)
    label(CALLED)
    add(r1, r1, 1)
    add(r1, r1, 1)
    bx(lr)
    label(BEGIN)
    add(r1, r1, 1)
    bl(CALLED)
    sub(r0, 1)
    bne(BEGIN)
""".replace("    ALL", "    add(r1, r1, 1)\n" * 20)


@pytest.mark.parametrize("mode", ["count", "instructions"])
@pytest.mark.parametrize(("name", "each"), [("two", 2), ("seven", 7), ("straight", 1), ("calls", 7)])
def test_each_round_adds_what_it_is_long(counting, mode, name, each):
    board = counting(mode)
    board.exec(LOOPS)
    found = [measured(board, name, rounds) for rounds in (1, 2, 3, 12, 20)]
    assert [value - found[0] for value in found] == [each * (rounds - 1) for rounds in (1, 2, 3, 12, 20)]


COUNTED_C = """
#include "py/dynruntime.h"

// Five instructions a round, whatever the compiler thinks.
static mp_obj_t rounds(mp_obj_t number) {
    unsigned left = mp_obj_get_int(number), sum = 0;
    __asm volatile (
        "1: add %1, %1, %0\\n"
        "eor %1, %1, %0\\n"
        "nop\\n"
        "subs %0, %0, #1\\n"
        "bne 1b\\n"
        : "+r" (left), "+r" (sum) : : "cc");
    return mp_obj_new_int(sum & 1);
}
static MP_DEFINE_CONST_FUN_OBJ_1(rounds_obj, rounds);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_rounds, MP_OBJ_FROM_PTR(&rounds_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""


@pytest.fixture(scope="session")
def counted_c(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny(tmp_path_factory.mktemp("natmods"), "counted", COUNTED_C).path


def test_native_module_of_known_length(counter, counted_c):
    counter.call("lambda m: globals().update(counted=m)", counter.import_native(counted_c))
    found = [measured(counter, "counted.rounds", rounds) for rounds in (1, 2, 1000)]
    assert [value - found[0] for value in found] == [0, 5, 5 * 999]


def test_a_longer_program_counts_for_what_it_is_longer(counter):
    # Bytecode: each further statement of a kind adds the same.
    def length(statements: int) -> int:
        counter.exec("def f(a):\n" + "    a = a\n" * statements + "    return a")
        return measured(counter, "f", 1)

    one, two, nine = (length(statements) for statements in (1, 2, 9))
    assert two > one
    assert nine - one == 8 * (two - one)


def regions_of(board: Board, call: str) -> dict[str, int]:
    with board.count() as count:
        board.call(call)
    return {region.name: region.instructions for region in count.regions}


def test_regions_add_up(counter):
    counter.exec(LOOPS)
    counter.exec("""
        import harness_mark as m
        def both(two=two):
            with m.region("outer"):
                with m.region("first"):
                    two(10)
                with m.region("second"):
                    two(20)
        def one(two=two):
            with m.region("outer"):
                with m.region("first"):
                    two(10)
                with m.region("second"):
                    pass
    """)
    found, less = regions_of(counter, "both"), regions_of(counter, "one")
    assert found["second"] - found["first"] == 2 * 10
    assert less == {"first": found["first"], "second": 0, "outer": found["outer"] - found["second"]}
