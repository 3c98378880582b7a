"""What counting costs: the emulator's CPU time for two workloads, in each mode, as ratios to no plugin.

The workloads are float-heavy (the native module `iir` on blocks of noise) and interpreter-heavy (recursion,
dictionaries, strings and lists in bytecode). "instructions" adds one inline for every instruction, as
QEMU's own plugin `insn` does; "count" adds a block's length.

Where the heap has code and data can matter to an emulator, so all is measured at sixteen places: behind a
`bytearray` of 0 to 960 bytes, in a heap that was collected. At each, the modes take turns, in every round in
another order; a ratio is the best time of a mode divided by the best one without a plugin. The row "none" is
what the place itself makes: the best time there, divided by that at the fastest place.

    python benchmarks/counting.py [--rounds N] [--short]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import get_args

import numpy as np

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.counting.instrument import Mode
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.progress import shown
from mpy_harness.machines.qemu.machine import Qemu
from mpy_harness.reports.table import aligned
from mpy_harness.targets import DEFAULT_TARGET, load_target

NONE = "none"
MODES: tuple[Mode, ...] = get_args(Mode)
PLACES = range(0, 1024, 64)

FLOAT = """
def filter_blocks(filt, block, times):
    for _ in range(times):
        filt.run(block)
"""

INTERPRETER = """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def interpret(times):
    for _ in range(times):
        words = {}
        for i in range(200):
            words["%d" % (i % 40)] = words.get("%d" % (i % 40), 0) + i
        sorted(words.items(), key=lambda item: item[1])
        fib(12)
"""

Workload = Callable[[], object]


@dataclass(frozen=True)
class Plan:
    """What is measured: at which places, how many rounds at each, and how often a workload's loop runs."""

    places: Sequence[int]
    rounds: int
    blocks: int
    turns: int


def cpu_seconds(board: Board) -> float:
    """Return the CPU time that a board's emulator has used, to the nanosecond."""
    emulator = board.machine
    assert isinstance(emulator, Qemu)
    # Linux: the clock of another process is its number's complement and 2, for time on a CPU (clock_getcpuclockid(3)).
    return time.clock_gettime(~emulator.process.pid << 3 | 2)


def workloads(board: Board, place: int, plan: Plan) -> dict[str, Workload]:
    """Return what is measured, in a fresh life with all of it behind so many bytes."""
    board.soft_reset()
    board.exec(f"import gc; gc.collect(); kept = bytearray({place})")
    filt = ModuleLoader(board)("iir").new(np.array([0.2, 0.3, 0.2, 1, -0.5, 0.2] * 3, np.float32))
    block = board.hold(np.random.default_rng(1).standard_normal(512).astype(np.float32))
    board.exec(FLOAT + INTERPRETER)
    return {
        "float-heavy": lambda: board.call("filter_blocks", filt, block, plan.blocks, timeout=600),
        "interpreter-heavy": lambda: board.call("interpret", plan.turns, timeout=600),
    }


def best_times(boards: dict[str, Board], place: int, plan: Plan) -> dict[tuple[str, str], float]:
    """Return the least CPU time by workload and mode at a place."""
    ready = {mode: workloads(board, place, plan) for mode, board in boards.items()}
    best: dict[tuple[str, str], float] = {}
    order = list(boards)
    for turn in range(plan.rounds + 1):
        order = [*order[1:], order[0]]
        for name in ready[NONE]:
            for mode in order:
                before = cpu_seconds(boards[mode])
                with nullcontext() if mode == NONE else boards[mode].count(listed=False):
                    ready[mode][name]()
                taken = cpu_seconds(boards[mode]) - before
                if turn > 0:  # after the first, in which it is translated
                    best[name, mode] = min(taken, best.get((name, mode), taken))
    return best


def print_table(boards: dict[str, Board], plan: Plan) -> None:
    times = {place: best_times(boards, place, plan) for place in plan.places}
    names = sorted({name for name, _ in times[plan.places[0]]})
    columns = [(name, what) for name in names for what in ("min", "median", "max")]
    rows = [["plugin", *(f"{name} {what}" if what == "min" else what for name, what in columns)]]
    for mode in boards:
        row = [mode]
        for name in names:
            fastest = min(best[name, NONE] for best in times.values())
            ratios = [best[name, mode] / (best[name, NONE] if mode != NONE else fastest) for best in times.values()]
            row += [f"{of(ratios):.3f}" for of in (min, median, max)]
        rows.append(row)
    print("\n".join(aligned(rows)))
    print(f"\n{len(plan.places)} places in the heap, the best of {plan.rounds} at each")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="times each mode is measured at a place (default 3)")
    parser.add_argument("--short", action="store_true", help="two places and little work: whether it runs, no figures")
    options = parser.parse_args()
    plan = Plan(PLACES, options.rounds, blocks=5000, turns=60)
    if options.short:
        plan = Plan(PLACES[::8], 1, blocks=50, turns=1)
    target = load_target(DEFAULT_TARGET)
    with tempfile.TemporaryDirectory() as logs, shown() as progress:
        image = firmware_for(target, progress=progress).elf
        boards = {NONE: Board(target, image, Path(logs, "none.log"))}
        try:
            for mode in MODES:
                instrument = machines.kind_of(target).instrument(image, mode, progress)
                boards[mode] = Board(target, image, Path(logs, f"{mode}.log"), instrument=instrument)
            print_table(boards, plan)
        finally:
            for board in boards.values():
                board.close()


if __name__ == "__main__":
    main()
