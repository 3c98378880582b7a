"""Xtensa: how often instructions wait for the results of those before, in code that is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.count_esp_dsp import lx6
from mpy_harness.errors import ToolMissing
from mpy_harness.programs.build import check_tools
from mpy_harness.targets import Target
from tests.decode.disassembly import instructions_of
from tests.emulator.counting.known_pairs import counted_pairs

PAIRS = ("load_used", "load_later", "multiply_used", "float_used")
# a8 points to memory; what each round of them is.
BODIES: dict[str, tuple[str, dict[str, int]]] = {
    "loads": (
        "nop; l32i a9, a8, 0; addi a10, a9, 1; l32i a9, a8, 0; nop; addi a10, a9, 1; lsi f0, a8, 0; ssi f0, a8, 4",
        {"load_used": 1, "load_later": 1},
    ),
    # What the first waits the second need not; nor what comes after one that waits.
    "loads later": (
        """nop; l32i a9, a8, 0; l32i a10, a8, 4; addi a9, a9, 1; addi a10, a10, 1; nop
        l32i a9, a8, 0; l32i a10, a8, 0; add a10, a10, a9; add a10, a9, a9; nop""",
        {"load_used": 1, "load_later": 1},
    ),
    "products": ("nop; mull a9, a10, a11; add a9, a9, a10; mul16s a9, a10, a11; nop; nop", {"multiply_used": 1}),
    "floats": ("nop; madd.s f0, f1, f2; madd.s f0, f1, f2; nop; nop; nop; nop", {"float_used": 3}),
    "both": ("nop; mul.s f0, f1, f2; l32i a9, a8, 0; ssx f0, a8, a9; nop; nop; nop", {"float_used": 2}),
    # Five turns, of which each waits for the one before.
    "loop": ("movi a9, 5; loop a9, 1f; madd.s f0, f1, f2; nop; 1: nop; nop; nop; nop", {"float_used": 8}),
    "loads in a loop": ("movi a9, 5; loop a9, 1f; addi a10, a9, 1; l32i a9, a8, 0; 1: nop", {"load_used": 4}),
    "loads later in a loop": (
        "movi a9, 5; loop a9, 1f; nop; addi a10, a9, 1; nop; l32i a9, a8, 0; 1: nop",
        {"load_later": 4},
    ),
    "a jump between": ("nop; madd.s f0, f1, f2; j 1f; 1: madd.s f0, f1, f2; nop; nop; nop; nop", {}),
}
PROGRAM = """#include "harness.h"
static int memory[16];
__attribute__((aligned(4096))) int main(void) {{ /* a page: where one ends a block does, and pairs are not seen */
{regions}
    return 0;
}}
"""
REGION = """    harness_start("{name} {times}");
    __asm__ volatile("nop; nop; mov a8, %0\\n.rept {times}\\n.begin no-transform\\n{body}\\n.end no-transform\\n.endr"
        :: "r"(memory) : "a8", "a9", "a10", "a11", "f0", "f1", "f2", "memory");
    harness_stop();"""


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Target:
    """The ESP32's core for plain C."""
    monkeypatch.setenv("PATH", "", prepend=":")  # it is put back as it was
    try:
        target = lx6()
        check_tools(target)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    return target


def test_known_code(core: Target, tmp_path: Path) -> None:
    bodies = {name: "\\n".join(instructions_of(body)) for name, (body, _) in BODIES.items()}
    none = dict.fromkeys(PAIRS, 0)  # and nothing tells of loads in a row here
    expected = {name: none | pairs for name, (_, pairs) in BODIES.items()}
    assert counted_pairs(core, PROGRAM, REGION, bodies, tmp_path) == expected
