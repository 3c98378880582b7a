"""What checking memory costs: the emulator's CPU time for three workloads, as ratios to no plugin.

The first two are those of counting.py: float-heavy (the native module `iir` on blocks of noise) and interpreter-heavy
(bytecode that allocates, with no native module at all). The third is between them: a program that computes in
bytecode, and filters a short block now and then. Each is measured checked without counting, also for reads of what
nobody has written, counted alone, and checked and counted.

The rounds and their order are those of counting.py, the place in the heap is one.

    python benchmarks/memcheck.py [--rounds N] [--short]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from counting import FLOAT, INTERPRETER, cpu_seconds  # type: ignore[import-not-found]  # the script beside this one

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.progress import shown
from mpy_harness.reports.table import aligned
from mpy_harness.targets import DEFAULT_TARGET, load_target

NONE = "none"
MIXED = """
def mixed(filt, block, times):
    for _ in range(times):
        interpret(1)
        filt.run(block)
"""


def workloads(board: Board, blocks: int, turns: int) -> dict[str, Callable[[], object]]:
    """Return what is measured, in a fresh life."""
    board.soft_reset()
    filt = ModuleLoader(board)("iir").new(np.array([0.2, 0.3, 0.2, 1, -0.5, 0.2] * 3, np.float32))
    block = board.hold(np.random.default_rng(1).standard_normal(512).astype(np.float32))
    short = board.hold(np.random.default_rng(1).standard_normal(64).astype(np.float32))
    board.exec(FLOAT + INTERPRETER + MIXED)
    return {
        "float-heavy": lambda: board.call("filter_blocks", filt, block, blocks, timeout=600),
        "interpreter-heavy": lambda: board.call("interpret", turns, timeout=600),
        "mixed": lambda: board.call("mixed", filt, short, turns, timeout=600),
    }


def best_times(boards: dict[str, Board], rounds: int, blocks: int, turns: int) -> dict[tuple[str, str], float]:
    """Return the least CPU time by workload and kind of board."""
    ready = {kind: workloads(board, blocks, turns) for kind, board in boards.items()}
    best: dict[tuple[str, str], float] = {}
    order = list(boards)
    for turn in range(rounds + 1):
        order = [*order[1:], order[0]]
        for name in ready[NONE]:
            for kind in order:
                before = cpu_seconds(boards[kind])
                with boards[kind].count(listed=False) if boards[kind].can_count else nullcontext():
                    ready[kind][name]()
                taken = cpu_seconds(boards[kind]) - before
                if turn > 0:  # after the first, in which it is translated
                    best[name, kind] = min(taken, best.get((name, kind), taken))
    assert not any(board.findings for board in boards.values())
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="times each is measured (default 5)")
    parser.add_argument("--short", action="store_true", help="one round of little work: whether it runs, no figures")
    options = parser.parse_args()
    rounds, blocks, turns = (1, 50, 1) if options.short else (options.rounds, 5000, 60)
    target = load_target(DEFAULT_TARGET)
    kind = machines.kind_of(target)
    with tempfile.TemporaryDirectory() as logs, shown() as progress:
        image = firmware_for(target, progress=progress).elf
        instruments = {
            NONE: None,
            "checked": kind.checker(image, None, progress, check="memory"),
            "unwritten": kind.checker(image, None, progress, check="unwritten"),
            "counted": kind.instrument(image, "count", progress),
            "checked and counted": kind.checker(image, "count", progress, check="memory"),
        }
        boards: dict[str, Board] = {}
        try:
            for name, instrument in instruments.items():
                boards[name] = Board(target, image, Path(logs, f"{name}.log"), instrument=instrument)
            best = best_times(boards, rounds, blocks, turns)
        finally:
            for board in boards.values():
                board.close()
    names = sorted({name for name, _ in best})
    rows = [["plugin", *names]]
    rows += [[kind, *(f"{best[name, kind] / best[name, NONE]:.2f}" for name in names)] for kind in instruments]
    print("\n".join(aligned(rows)))


if __name__ == "__main__":
    main()
