"""Every target in QEMU, in short: what boards offer is there on each core, exact and explained.

The details are tested on m33 and m4-stm32; the cases run on all with ``pytest --target all cases``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from mpy_harness.architectures.cores import CORES
from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.board.pool import BoardPool
from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import GuestFault, IncompatibleModule
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import Target, available, load_target
from tests.emulator.absent import target_or_skip
from tests.emulator.misbehaving import build_misbehaving, line_of
from tests.emulator.test_programs import LOOPS
from tests.emulator.tiny import build_tiny

# For what differs on these from the target with the same core, there is test_small_arm.py.
SMALL = {"lm3s6965evb", "mps2-an521", "musca-a"}
QEMU = [
    name
    for name in available()
    if (each := load_target(name)).emulator == "qemu" and not each.is_plain and name not in SMALL
]

# One with each kind of memory protection.
PROTECTED: dict[str, str] = {core.mpu: name for name in QEMU if (core := CORES[load_target(name).core]).mpu is not None}
NOWHERE = 0xA0000010

MODULE_OF_ONE = """
#include "py/dynruntime.h"

static mp_obj_t one(void) {
    int result = 1;
    __asm volatile (PLANTED);
    return mp_obj_new_int(result);
}
static MP_DEFINE_CONST_FUN_OBJ_0(one_obj, one);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_one, MP_OBJ_FROM_PTR(&one_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""


def planted(statement: str) -> str:
    """Return the source of a module with an instruction by its encoding, because the assembler would refuse it."""
    return MODULE_OF_ONE.replace("PLANTED", statement)


# udiv r0, r0, r0: Thumb-2 that Armv6-M does not have.
PLANTED = planted('"movs r0, #7\\n .inst.w 0xfbb0f0f0\\n mov %0, r0" : "=r" (result) : : "r0", "cc"')


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardPool]:
    pool = BoardPool(tmp_path_factory.mktemp("boards"))
    yield pool
    pool.close()


@pytest.fixture(scope="module", params=QEMU)
def target(request: pytest.FixtureRequest) -> Target:
    return target_or_skip(request.param)


@pytest.fixture(scope="module")
def misbehaving(target: Target, tmp_path_factory: pytest.TempPathFactory) -> NatmodBuild:
    return build_misbehaving(tmp_path_factory.mktemp("natmods"), target.name)


@pytest.fixture
def board(boards: BoardPool, target: Target) -> Board:
    return boards.board(target)


@pytest.mark.parametrize("mode", get_args(Mode))
def test_counts_in_every_mode(boards: BoardPool, target: Target, mode: Mode) -> None:
    board = boards.board(target, mode=mode)
    board.exec("def turns(n):\n  for i in range(n):\n    pass\n")
    counts = []
    for turns in (100, 200, 300, 300):
        with board.count() as count:
            board.call("turns", turns)
        counts.append(count)
    first, second, third, again = (count.instructions for count in counts)
    assert third == again
    assert third - second == second - first > 1000
    if mode == "classes":
        assert sum(counts[0].classes.values()) >= first
        assert counts[2].classes["load"] - counts[1].classes["load"] >= 100
    if mode == "functions":
        assert counts[0].profile is not None
        assert "mp_execute_bytecode" in {cost.function.name for cost in counts[0].profile.functions()}
    board.close()


BUSY = """
import harness_mark, sys
def busy(keys):
    print("begun")
    with harness_mark.region("busy"):
        for i in range(300_000):
            pass
    return len(sys.stdin.read(keys))
"""


def typist(board: Board, keys: int) -> Callable[[bytes], None]:
    """Return a listener that types when the program has begun."""
    heard = bytearray()

    def hear(said: bytes) -> None:
        had_begun = b"begun" in heard
        heard.extend(said)
        if b"begun" in heard and not had_begun:
            board.console.write_bytes(b"x" * keys)

    return hear


def test_input_that_arrives_meanwhile_is_not_counted(board: Board) -> None:
    board.exec(BUSY)
    values = set()
    for keys in (1, 100, 200):
        board.console.listener = typist(board, keys)
        with board.count() as count:
            assert board.call("busy", keys) == keys
        board.console.listener = None
        values.add(count["busy"].instructions)
    assert len(values) == 1


def test_a_native_module_computes_and_is_counted(board: Board, target: Target) -> None:
    module = board.import_native(build_module(natmods_dir() / "fir", target))
    taps, x = np.array([0.5, 0.25, 0.125], np.float32), np.arange(64, dtype=np.float32)
    held, filtered = board.hold(x), board.hold(np.zeros_like(x))
    counts = []
    for _ in range(2):
        module_filter = module.new(taps)
        with board.count() as count:
            module_filter.run(held, filtered)
        counts.append(count.instructions)
    assert counts[0] == counts[1] > x.size
    assert np.array_equal(filtered.get(), np.convolve(x, taps)[: x.size])


def test_a_fault_names_function_and_line(board: Board, misbehaving: NatmodBuild) -> None:
    module = board.import_native(misbehaving)
    line = line_of("volatile (UNDEFINED)")
    with pytest.raises(
        GuestFault, match=rf"pc is in undefined\(\) of the native module misbehaving, misbehaving\.c:{line}\n"
    ) as caught:
        module.undefined()
    assert re.search(r"the core took a \w+: .*(undefined|unknown) instruction", str(caught.value))
    assert caught.value.registers["pc"]


def test_a_stack_overflow_is_told(board: Board, misbehaving: NatmodBuild) -> None:
    module = board.import_native(misbehaving)
    with pytest.raises(GuestFault, match="stack overflow: the stack pointer passed its limit") as caught:
        module.recurse()
    deeper, recurse = line_of("? deeper(room)"), line_of("deeper(&zero)")
    told = re.findall(r"(?:called from|ra is in) (.*)", str(caught.value))
    assert told[-2:] == [
        f"deeper() of the native module misbehaving, misbehaving.c:{deeper}",
        f"recurse() of the native module misbehaving, misbehaving.c:{recurse}",
    ]


@pytest.mark.parametrize("protection", PROTECTED)
@pytest.mark.parametrize(
    ("function", "place", "words"),
    [
        ("write", "null", "must not be written, at address"),
        ("read", "nowhere", "memory that does not exist or .*, at address"),
        ("write", "firmware", "must not be written, at address"),
        ("jump", "nowhere", "must not be executed"),
    ],
)
def test_what_memory_protection_forbids(
    boards: BoardPool, protection: str, function: str, place: str, words: str, tmp_path: Path
) -> None:
    target = target_or_skip(PROTECTED[protection])
    flash = next(memory.origin for memory in target.memory if memory.kind == "flash")
    address = {"null": 4, "nowhere": NOWHERE, "firmware": flash + 64}[place]
    module = boards.board(target).import_native(build_misbehaving(tmp_path, target.name))
    with pytest.raises(GuestFault, match=words) as caught:
        getattr(module, function)(address | (function == "jump"))
    told = str(caught.value)
    if function == "jump":
        line = line_of("(void (*)(void))")
        assert re.search(rf"(lr|ra) is in jump\(\) of the native module misbehaving, misbehaving\.c:{line}\b", told)
    else:
        line = line_of(
            "get_int_truncated(to) = 1" if function == "write" else "volatile int *)mp_obj_get_int_truncated(from)"
        )
        assert f"pc is in {function}() of the native module misbehaving, misbehaving.c:{line}\n" in told
        assert f"at address 0x{address:08x}" in told


def test_heap_and_stack(board: Board) -> None:
    board.exec("def keep(n):\n  global kept\n  kept = bytearray(n)\ndef deep(n):\n  return deep(n - 1) if n else 0\n")
    with board.allocations() as kept:
        board.call("keep", 1000)
    assert 1000 <= kept.held <= kept.bytes < 1200
    with board.allocations() as shallow:
        board.call("deep", 1)
    with board.allocations() as deep:
        board.call("deep", 20)
    assert 0 < shallow.stack < deep.stack


@pytest.mark.parametrize("mode", ["count", "functions"])
def test_a_program_in_plain_c(target: Target, tmp_path: Path, mode: Mode) -> None:
    source = tmp_path / "main.c"
    said = LOOPS.replace("return 0;", 'printf("%d %s", (int)(2.5f * sink), "done");\n    return 3;')
    source.write_text(f"#include <stdio.h>\n{said}", encoding="utf-8")
    done = CProgram(build_program(target, [source], tmp_path / "built"), tmp_path / "log", mode).run()
    assert (done.output, done.status) == ("747 done", 3)
    assert done.count is not None
    none, first, second, third = (region.instructions for region in done.count.regions)
    assert none == 0
    # Armv6-M takes one instruction more to put 300 into a register.
    assert 200 < second - first <= third - second <= second - first + (target.natmod.arch == "armv6m")


def test_a_planted_instruction_is_caught_on_the_core_that_lacks_it(boards: BoardPool, tmp_path: Path) -> None:
    build = build_tiny(tmp_path, "planted", PLANTED, "m0")
    assert build.arch == "armv6m"
    assert boards.board(load_target("m3")).import_native(build).one() == 1
    module = boards.board(load_target("m0")).import_native(build)
    with pytest.raises(GuestFault, match=r"pc is in one\(\) of the native module planted"):
        module.one()


@pytest.mark.parametrize("word", [0x1005252F, 0x00007053], ids=["lr.w a0, (a0)", "fadd.s f0, f0, f0"])
def test_riscv_has_no_more_than_its_architecture(boards: BoardPool, tmp_path: Path, word: int) -> None:
    target = target_or_skip("rv32")
    source = planted(f'".word {word:#x}" : : : "a0"')
    module = boards.board(target).import_native(build_tiny(tmp_path, "planted", source, target.name))
    with pytest.raises(GuestFault, match=rf"(?s)undefined instruction, which is {word:#x}\n.*pc is in one\(\) of"):
        module.one()


def test_single_and_double_precision_do_not_mix(boards: BoardPool) -> None:
    for built_for, refused_by in (("m7", "m7-dp"), ("m7-dp", "m7")):
        build = build_module(natmods_dir() / "fir", load_target(built_for))
        board = boards.board(load_target(refused_by))
        with pytest.raises(
            IncompatibleModule, match=r"Floats of the module have \d\d bits, those of the firmware \d\d"
        ):
            board.import_native(build)
        assert board.eval("1 / 3") == (1 / 3 if refused_by == "m7-dp" else float(np.float32(1 / 3)))
