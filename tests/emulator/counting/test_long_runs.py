"""QEMU's memory and time stay bounded in long runs; counts do not change when translations are forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.counting.count import Count
from mpy_harness.counting.instrument import Mode
from mpy_harness.counting.profile import Profile
from mpy_harness.machines.qemu import machine
from mpy_harness.machines.qemu.machine import Qemu

Counting = Callable[[Mode], Board]
LEAST = 1  # MiB of translations: QEMU takes no less
WORK = """
def work(values):
    words = {}
    for value in values:
        words[value % 7] = words.get(value % 7, 0) + value
    return sorted(words.items())
"""


def qemu_of(board: Board) -> Qemu:
    emulator = board.machine
    assert isinstance(emulator, Qemu)
    return emulator


def resident(board: Board) -> int:
    """Return the bytes that a board's emulator has in memory (proc(5), VmRSS of status)."""
    status = Path(f"/proc/{qemu_of(board).process.pid}/status").read_text(encoding="ascii")
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def cpu_seconds(board: Board) -> float:
    """Return the CPU time that a board's emulator has used (clock_getcpuclockid(3): of another process)."""
    return time.clock_gettime(~qemu_of(board).process.pid << 3 | 2)


@pytest.mark.parametrize("mode", ["count", "classes", "functions", "memory"])
def test_memory_and_time_are_bounded(boot: Counting, monkeypatch: pytest.MonkeyPatch, mode: Mode) -> None:
    monkeypatch.setattr(machine, "TRANSLATIONS", 2)
    board = boot(mode)
    sections = np.array([1, 0, 0, 1, 0, 0], np.float32)

    def live(times: int) -> float:
        """Return the least CPU time of ten lives."""
        taken = []
        for _ in range(times // 10):
            before = cpu_seconds(board)
            for _ in range(10):
                board.soft_reset()
                filt = ModuleLoader(board)("iir").new(sections)
                with board.count(listed=False):
                    filt.run(sections)
            taken.append(cpu_seconds(board) - before)
        return min(taken)

    early = live(30)
    live(30)  # each takes some 30 KB of translations, of what is loaded anew
    before = resident(board)
    late = live(120)
    assert resident(board) - before < 2 << 20
    assert late < 1.5 * early


@pytest.mark.parametrize("mode", ["count", "classes", "functions", "memory"])
def test_counts_when_translations_are_forgotten(boot: Counting, monkeypatch: pytest.MonkeyPatch, mode: Mode) -> None:
    usual = boot(mode)
    monkeypatch.setattr(machine, "TRANSLATIONS", LEAST)
    short = boot(mode)
    counts = [counted(usual), counted(short)]
    assert forgotten(short) > forgotten(usual) == 0
    assert figures(counts[0]) == figures(counts[1])


def counted(board: Board) -> Count:
    with board.count("all") as count:
        for turn in range(3):
            board.exec(WORK)
            assert board.call("work", list(range(300)))
            filt = ModuleLoader(board)("iir").new(np.array([1, 0.5, 0, 1, -0.5, 0.25], np.float32))
            filt.run(np.arange(64, dtype=np.float32))
            board.exec(f"import json; print(json.dumps({{'turn': {turn}, 'value': 1.5 ** {turn}}}))")
    return count


def forgotten(board: Board) -> int:
    lines = qemu_of(board).execute("info jit").splitlines()
    return next(int(line.split()[-1]) for line in lines if line.startswith("TB flush count"))


def figures(count: Count) -> tuple[object, ...]:
    assert count.exact
    return (count.instructions, count.classes, count.words, count.memory, arcs(count.profile))


def arcs(profile: Profile | None) -> object:
    return profile and sorted(map(repr, profile.arcs()))
