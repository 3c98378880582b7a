"""Arm cores with little RAM, or without the FPU that their kind may have: what differs from the target of that core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import GuestFault
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.targets import load_target
from tests.emulator.test_programs import LOOPS

NAMES = ("lm3s6965evb", "mps2-an521", "musca-a")


@pytest.mark.parametrize("name", NAMES)
def test_micropython_and_a_native_module(name: str, pool: BoardPool) -> None:
    board = pool.board(load_target(name))
    filt = ModuleLoader(board)("iir").new(np.array([1, 0, 0, 1, -0.5, 0], np.float32))
    output = np.zeros(4, np.float32)
    counts = []
    for _ in range(2):
        filt.reset()
        with board.count("filter") as count:
            filt.run(np.array([1, 0, 0, 0], np.float32), output)
        counts.append(count.instructions)
        assert count.exact
    assert counts[0] == counts[1] > 0


@pytest.mark.parametrize("name", NAMES)
def test_plain_c(name: str, tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(LOOPS, encoding="utf-8")
    found = {}
    for mode in ("count", "instructions"):
        program = build_program(load_target(name), [tmp_path / "model.c"], tmp_path / "built")
        count = CProgram(program, tmp_path / "log", mode).run().count
        assert count is not None
        assert count.exact
        found[mode] = [(each.name, each.instructions) for each in (count, *count.regions)]
    assert found["count"] == found["instructions"]
    # As on every core with this loop of Thumb-2.
    first, second, third = (instructions for _, instructions in found["count"][2:])
    assert third - second == second - first == 500


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("lm3s6965evb", "*(volatile int *)0x30000000 = 1;", "MemManage|BusFault"),
        ("mps2-an521", '__asm volatile (".hword 0xeeb0, 0x0a40");', "UsageFault"),  # vmov.f32 s0, s0
        ("musca-a", '__asm volatile (".hword 0xeeb0, 0x0a40");', "UsageFault"),
    ],
)
def test_what_the_core_has_not_is_a_fault(name: str, code: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(f"int main(void) {{ {code} return 0; }}", encoding="utf-8")
    program = build_program(load_target(name), [tmp_path / "model.c"], tmp_path / "built")
    with pytest.raises(GuestFault, match=rf"the core took a ({reason})(.|\n)*pc is in main\(\) of the program"):
        CProgram(program, tmp_path / "log").run()
