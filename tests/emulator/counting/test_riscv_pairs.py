"""RISC-V: how often an instruction reads the result of the one before it, in code that is known and in firmware."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.firmware.toolchain import find
from mpy_harness.resources import targets_dir
from mpy_harness.targets import Target, load_target
from tests.decode import riscv_reading
from tests.decode.disassembly import Line, disassemble
from tests.emulator.absent import target_or_skip
from tests.emulator.counting.known_pairs import counted_pairs
from tests.emulator.counting.test_against_qemus_log import RV32, executed, logged, memory_of

PAIRS = ("load_used", "multiply_used", "float_used")
PAGE = 4096  # QEMU ends a block there, and a pair over a block's end is not seen
# a1 points to memory; what each round of them is.
BODIES: dict[str, tuple[str, dict[str, int]]] = {
    "loads": (
        """
        nop; lw a2, 0(a1); addi a3, a2, 1; lw a2, 0(a1); lw a3, 4(a1); add a4, a2, a3
        lbu a2, 0(a1); sb a2, 4(a1); lw a2, 0(a1); nop; addi a3, a2, 1; lw x0, 0(a1); add a3, x0, x0
        .option rvc; c.lw a2, 0(a1); c.addi a2, 1; c.lwsp s4, 0(sp); c.mv a2, s4; .option norvc; nop""",
        {"load_used": 5},
    ),
    "branches": (
        """
        nop; lw a2, 0(a1); beqz a2, 1f; 1: nop; lw a2, 0(a1); j 2f; 2: addi a2, a2, 1; nop""",
        {"load_used": 1},
    ),
    "products": (
        """
        nop; mul a2, a3, a4; add a2, a2, a3; mulhu a2, a3, a4; mul a3, a4, a4; nop; add a3, a3, a2
        divu a2, a3, a4; addi a2, a2, 1; mul a2, a3, a4; mul a2, a2, a3; nop""",
        {"multiply_used": 2},
    ),
    "floats": (
        """
        nop; fadd.s fa2, fa3, fa4; fmul.s fa3, fa2, fa4; fmadd.s fa4, fa2, fa2, fa3; nop
        flt.s a2, fa3, fa4; addi a2, a2, 1; fcvt.s.w fa2, a2; fsw fa2, 4(a1); flw fa2, 4(a1); fneg.s fa3, fa2
        fmv.x.w a2, fa2; nop""",
        {"load_used": 1, "float_used": 4},
    ),
}
PROGRAM = """#include "harness.h"
static int memory[16];
int main(void) {{
    __asm__ volatile("csrs mstatus, %0" :: "r"(1 << 13)); /* FS: its floating-point unit is on */
{regions}
    return 0;
}}
"""
REGION = """    harness_start("{name} {times}");
    __asm__ volatile("mv a1, %0\\n.option push\\n.option norvc\\n.rept {times}\\n{body}\\n.endr\\n.option pop"
        :: "r"(memory) : "a1", "a2", "a3", "a4", "s4", "fa2", "fa3", "fa4", "memory");
    harness_stop();"""
WORK = """
def work(rounds):
    for i in range(rounds):
        sorted([3, 1, 2], key=lambda v: -v)
        "%5.2f" % (1.5 * i)
        {str(n): n * 1000003 for n in range(9)}
        bytearray(range(40)).find(b"\\x20")
        print("round")
"""


@pytest.fixture
def with_floats(tmp_path: Path) -> Target:
    """The board of ``rv32`` for plain C, with a core that has a floating-point unit."""
    target_or_skip("rv32")
    text = (targets_dir() / "rv32" / "target.toml").read_text(encoding="utf-8").replace('"lowrisc-ibex"', '"rv32"')
    flags = 'flags = "-march=rv32imafc -mabi=ilp32f -misa-spec=2.2"'
    (tmp_path / "own").mkdir()
    file = tmp_path / "own" / "target.toml"
    file.write_text(text.replace('chip = "virt"', f'chip = "virt"\n{flags}'), encoding="utf-8")
    return load_target(str(file.parent))


def test_known_code(with_floats, tmp_path):
    bodies = {name: body.strip().replace("\n", "\\n") for name, (body, _) in BODIES.items()}
    none = dict.fromkeys(PAIRS, 0)  # and nothing tells of loads in a row here
    expected = {name: none | pairs for name, (_, pairs) in BODIES.items()}
    assert counted_pairs(with_floats, PROGRAM, REGION, bodies, tmp_path) == expected


def test_firmware_against_qemus_log(boot, tmp_path):
    rv32 = target_or_skip("rv32")
    board, qemus = boot("classes", rv32), boot("count", rv32)
    for each in (board, qemus):
        each.exec(WORK)
    found: Counter[str] = Counter()
    least: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for rounds, sign in ((0, -1), (3, 1)):
        with board.count() as count:
            board.call("work", rounds)
        found.update({pair: sign * count.words[pair] for pair in PAIRS})
        log = tmp_path / f"{rounds}.log"
        with logged(qemus, log), qemus.count():
            qemus.call("work", rounds, timeout=100)
        for pair, (sure, all_of_them) in pairs_in(qemus, log, tmp_path).items():
            least[pair] += sign * sure if sign > 0 else sign * all_of_them
            most[pair] += sign * all_of_them if sign > 0 else sign * sure
    assert least["load_used"] > 1000
    assert least["multiply_used"] > 10
    for pair in PAIRS:
        assert least[pair] <= found[pair] <= most[pair]
        assert most[pair] - least[pair] <= 0.02 * most[pair]


def pairs_in(board: Board, log: Path, folder: Path) -> dict[str, tuple[int, int]]:
    """Return how many pairs the log shows that do not reach over a page's end, and how many in all."""
    code = memory_of(board, folder, RV32)
    addresses = executed(log, code, RV32)
    lines = dict(zip(dict.fromkeys(addresses), read(addresses, code, folder), strict=True))
    found = dict.fromkeys(PAIRS, (0, 0))
    for (first, second), times in Counter(pairwise(addresses)).items():
        (line, kind), (after, _) = lines[first], lines[second]
        if kind is None or second != first + len(line.code):
            continue
        if riscv_reading.first_register(line) & riscv_reading.registers_read(after):
            sure, every = found[kind]
            same_page = first // PAGE == (second + len(after.code) - 1) // PAGE
            found[kind] = (sure + times * same_page, every + times)
    return found


def read(addresses: Iterable[int], code: bytes, folder: Path) -> list[tuple[Line, str | None]]:
    """Return what the disassembler says of the code at each address, and which kind of pair it may be the first of."""
    binary = bytearray()
    for address in dict.fromkeys(addresses):
        at = address - RV32.memory
        binary += code[at : at + (4 if code[at] & 3 == 3 else 2)]
    file = folder / "code"
    file.write_bytes(binary)
    objdump = str(find("riscv64-unknown-elf-objdump", "reading code"))
    options = ("-D", "-b", "binary", "-m", "riscv:rv32", *riscv_reading.OBJDUMP_OPTIONS)
    kinds = {"load": "load_used", "multiply": "multiply_used"}
    return [(line, kinds.get(insn.class_)) for line, insn in riscv_reading.read(disassemble(objdump, file, *options))]
