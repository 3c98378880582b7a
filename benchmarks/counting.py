"""What counting costs: the emulator's CPU time for two workloads, in each mode, as ratios to no plugin.

The workloads are float-heavy (the native module `iir` on blocks of noise) and interpreter-heavy (recursion,
dictionaries, strings and lists in bytecode). "instructions" adds one inline for every instruction, as
QEMU's own plugin `insn` does; "count" adds a block's length. The modes take turns, in every round in another
order; a ratio is the median over the rounds of what two neighbours in time took, none and the mode.

    python benchmarks/counting.py [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
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

MODES: tuple[Mode, ...] = get_args(Mode)

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


def cpu_seconds(board: Board) -> float:
    """Return the CPU time that a board's emulator has used (proc(5): utime and stime of stat)."""
    emulator = board.emulator
    assert isinstance(emulator, Qemu)
    fields = Path(f"/proc/{emulator.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def workloads(board: Board) -> dict[str, Workload]:
    """Return what is measured, each for some two seconds without a plugin."""
    filt = ModuleLoader(board)("iir").new(np.array([0.2, 0.3, 0.2, 1, -0.5, 0.2] * 3, np.float32))
    block = board.hold(np.random.default_rng(1).standard_normal(512).astype(np.float32))
    board.exec(FLOAT + INTERPRETER)
    return {
        "float-heavy": lambda: board.call("filter_blocks", filt, block, 15000, timeout=600),
        "interpreter-heavy": lambda: board.call("interpret", 220, timeout=600),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="times each mode is measured (default 5)")
    rounds = parser.parse_args().rounds
    target = load_target(DEFAULT_TARGET)
    with tempfile.TemporaryDirectory() as logs, shown() as progress:
        image = firmware_for(target, progress=progress).elf
        boards = {"none": Board(target, image, Path(logs, "none.log"))}
        try:
            for mode in MODES:
                instrument = machines.kind_of(target).instrument(image, mode, progress)
                boards[mode] = Board(target, image, Path(logs, f"{mode}.log"), instrument=instrument)
            print_table(boards, rounds)
        finally:
            for board in boards.values():
                board.close()


def print_table(boards: dict[str, Board], rounds: int) -> None:
    ready = {mode: workloads(board) for mode, board in boards.items()}
    names = list(ready["none"])
    seconds: dict[tuple[str, str], list[float]] = {}
    ratios: dict[tuple[str, str], list[float]] = {}

    def measure(mode: str, name: str) -> float:
        before = cpu_seconds(boards[mode])
        ready[mode][name]()
        return cpu_seconds(boards[mode]) - before

    for mode in ready:
        for name in names:
            measure(mode, name)  # translated once, so that what is measured is running
    for turn in range(rounds):
        order = [*MODES[turn % len(MODES) :], *MODES[: turn % len(MODES)]]
        for name in names:
            for mode in order:
                # Before and after: a machine that gets slower meanwhile slows down both sides.
                first, taken, last = measure("none", name), measure(mode, name), measure("none", name)
                seconds.setdefault(("none", name), []).extend([first, last])
                seconds.setdefault((mode, name), []).append(taken)
                ratios.setdefault((mode, name), []).append(2 * taken / (first + last))
    rows = [["plugin", *(column for name in names for column in (name, "ratio", "from", "to"))]]
    for mode in boards:
        row = [mode]
        for name in names:
            times = ratios.get((mode, name), [1.0])
            row += [f"{median(seconds[mode, name]):.2f} s", *(f"{f(times):.3f}" for f in (median, min, max))]
        rows.append(row)
    print("\n".join(aligned(rows)))


if __name__ == "__main__":
    main()
