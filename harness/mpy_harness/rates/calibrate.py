"""Measure a board on the desk: the same kernels timed there and counted in an emulator; what the difference says."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import GuestModule, ModuleLoader
from mpy_harness.board.timing import Timing
from mpy_harness.costs.cycles import estimate
from mpy_harness.costs.waits import Code, most_waits
from mpy_harness.errors import GuestException
from mpy_harness.rates.bench import FOLDER, FORMS, GUEST, SEED, KernelForm, counted, without
from mpy_harness.rates.kernels import KERNELS, DataType, Given
from mpy_harness.targets import CodeMemory, Cycles, Fact

#: What is measured: not all kernels, because a line is slow, but those that differ in what they do.
CHOSEN: tuple[tuple[str, DataType], ...] = (
    ("fft", "int16"), ("fft", "float32"), ("mel_spectrum", "int16"), ("biquad", "int16"), ("biquad", "float32"),
    ("convolution", "int8"), ("tree_nodes", "int16"),
)  # fmt: skip
#: The bytes of a fetch that waits are told of.
LINE = 4
_SHORTEST = 20.0  # microseconds: a clock that counts in these tells less than that within 5 %


@dataclass(frozen=True)
class Point:
    """A kernel: its time on the board in microseconds without its call, and its instructions by class."""

    kernel: str
    data_type: DataType
    form: KernelForm
    timing: Timing
    counts: Mapping[str, int]

    @property
    def microseconds(self) -> float:
        """Return the median of its time."""
        return self.timing.median

    def cycles(self, model: Cycles) -> float:
        """Return the cycles that a core's model gives it."""
        return estimate(self.counts, model).cycles

    @property
    def fetches(self) -> float:
        """Return how often it waits for the memory that it is fetched from, if nothing is hidden."""
        one = Fact(value=1, source="counted")
        memory = CodeMemory(memory="any", waits=one, line=Fact(value=LINE, source="taken"))
        return most_waits(Code(self.counts, memory, constants=self.form == "python")) or 0.0


@dataclass(frozen=True)
class Fit:
    """What times say of a memory: cycles that a fetch waits, and by how much times are still off, in percent."""

    waits: int
    points: int
    least: float
    most: float


def measure(board: Board, reference: Board, loaders: Sequence[ModuleLoader], repeats: int = 20) -> list[Point]:
    """Time the kernels on a board, count them on a reference that has the same instruction set; leave out short ones.

    ``loaders`` are those of both. Raises TimingUnavailable, CountingUnavailable.
    """
    points = []
    for form in FORMS:
        sides = [(each, loader(FOLDER, form)) for each, loader in zip((board, reference), loaders, strict=True)]
        for each, _ in sides:
            each.exec(GUEST)
        _choose(sides, "nothing")
        empty = _given(*CHOSEN[0])
        empty_time = statistics.median(_timed(board, empty, repeats).samples)
        empty_count = counted(reference, empty)[0]
        for name, kind in CHOSEN:
            loaders[0].progress.detail(f"{name} {kind} {form}")
            _choose(sides, f"{name}_{kind}")
            given = _given(name, kind)
            samples = _timed(board, given, repeats).samples
            timing = Timing(tuple(max(0.0, sample - empty_time) for sample in samples))
            if timing.median >= _SHORTEST:
                points.append(Point(name, kind, form, timing, without(counted(reference, given)[0], empty_count)))
    return points


def fit(points: Sequence[Point], model: Cycles, clock: int) -> Fit | None:
    """Return the waits by which the model comes nearest to the times, relative to each; None without any point."""
    if not points:
        return None
    measured = np.array([point.microseconds * clock / 1e6 for point in points])
    predicted = np.array([point.cycles(model) for point in points])
    fetches = np.array([point.fetches for point in points])
    weighed = fetches / measured
    best = float(weighed @ ((measured - predicted) / measured) / (weighed @ weighed))
    waits = max(0, round(best))
    off = 100 * (measured / (predicted + waits * fetches) - 1)
    return Fit(waits, len(points), float(off.min()), float(off.max()))


def clock_of(said: Any) -> int | None:
    """Return the clock in Hz, by what ``machine.freq()`` returned: a number, or several with the core's first."""
    first = said[0] if isinstance(said, (tuple, list)) and said else said
    return first if isinstance(first, int) and not isinstance(first, bool) and first > 0 else None


def ask_clock(board: Board) -> int | None:
    """Return the clock in Hz that a board says it has, None where it does not."""
    try:
        return clock_of(board.eval("__import__('machine').freq()"))
    except GuestException:
        return None


def ask_heap(board: Board) -> int:
    """Return the bytes of a board's heap."""
    return int(board.eval("(lambda gc: (gc.collect(), gc.mem_free() + gc.mem_alloc())[1])(__import__('gc'))"))


def _choose(sides: Sequence[tuple[Board, GuestModule]], kernel: str) -> None:
    for board, module in sides:
        board.call("choose", module, kernel)


def _given(name: str, kind: DataType) -> Given:
    kernel = next(kernel for kernel in KERNELS if kernel.name == name)
    return kernel.given(kind, np.random.default_rng([SEED, 0]))


def _timed(board: Board, given: Given, repeats: int) -> Timing:
    arrays = [board.hold(each) for each in (given.src, given.coefs, given.table, given.out)]
    return board.time("kernel", *arrays, repeats=repeats, timeout=60)
