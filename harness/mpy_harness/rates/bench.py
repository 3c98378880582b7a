"""Run kernels on a board, check what comes out, and count what they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import GuestModule, ModuleLoader
from mpy_harness.costs.cycles import estimate
from mpy_harness.costs.flash import Wait, wait
from mpy_harness.costs.float_code import float_share, time_error
from mpy_harness.costs.waits import Code
from mpy_harness.counting.count import Count
from mpy_harness.errors import MachineryError
from mpy_harness.rates.kernels import DATA_TYPES, KERNELS, Array, DataType, Given, Kernel
from mpy_harness.rates.spread import Spread, spread
from mpy_harness.targets import Cycles, Part

KernelForm = Literal["native", "python"]
FORMS: tuple[KernelForm, ...] = get_args(KernelForm)
FOLDER = Path(__file__).with_name("in_guest") / "kernels"
SEED = 20261130

#: What chooses a kernel of a module, and calls it.
GUEST = """
def choose(module, name):
    global kernel
    kernel = getattr(module, name)

def run_kernel(src, coefs, table, out):
    kernel(src, coefs, table, out)
    return out
"""


@dataclass(frozen=True)
class Rate:
    """What one kernel takes in one type and form, by ``units`` of what it does.

    ``instructions`` and ``cycles`` are of one unit, without the call of the kernel. ``classes`` are the instructions
    of all inputs by class, empty where the board counts none; then there are no ``cycles`` either, nor where the
    target has no cycle model. ``per_second`` is at the clock of that model, ``error`` its error in percent; what it
    waits for the memory of a part may make it longer by ``waits`` percent, None where no source tells how much.
    ``exact`` tells whether every count was.
    """

    kernel: str
    unit: str
    data_type: DataType
    form: KernelForm
    units: float
    instructions: Spread
    cycles: Spread | None
    clock: int | None
    error: float | None
    waits: float | None
    exact: bool
    classes: Mapping[str, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float | None:
        """Return how many units there are in a second, None without a cycle model."""
        return None if self.cycles is None or self.clock is None else self.clock / self.cycles.mean

    @property
    def time_above(self) -> float | None:
        """Return by how much a unit may take longer, in percent, None without a cycle model."""
        return None if self.error is None else self.error + (self.waits or 0) * (1 + self.error / 100)

    @property
    def seconds(self) -> float | None:
        """Return how long a unit takes, None without a cycle model."""
        return None if self.per_second is None else 1 / self.per_second


@dataclass(frozen=True)
class Call:
    """What a call of a function with four buffers takes that does nothing, in instructions."""

    form: KernelForm
    instructions: int


@dataclass(frozen=True)
class Benchmark:
    """What was measured on a board, each kernel with so many ``inputs``."""

    inputs: int
    calls: tuple[Call, ...]
    rates: tuple[Rate, ...]


def measure(
    board: Board,
    loader: ModuleLoader,
    *,
    part: Part | None = None,
    inputs: int = 20,
    kernels: Sequence[Kernel] = KERNELS,
    data_types: Sequence[DataType] = DATA_TYPES,
    forms: Sequence[KernelForm] = FORMS,
) -> Benchmark:
    """Measure kernels on a board that counts, best in the mode "classes".

    Time is that of the board's target, or of a part that runs the same code (``check_same_code``). The inputs are the
    same on each board. Raises MachineryError where a kernel computes something wrong, and
    CountingUnavailable.
    """
    calls, rates = [], []
    for form in forms:
        module = loader(FOLDER, form)
        size = None if module.build is None else module.build.path.stat().st_size
        clocked = _Clocked(board.target.cycles if part is None else part.cycles, part, form, size)
        board.exec(GUEST)
        # Always with the same buffers, so that a kernel's figures do not depend on which others are asked for.
        empty = _given(KERNELS[0], DATA_TYPES[0], 1)[0]
        choose(board, module, "nothing", empty)
        nothing = counted(board, empty)[0]
        calls.append(Call(form, nothing.instructions))
        for kernel in kernels:
            for data_type in data_types:
                loader.progress.detail(f"{kernel.name} {data_type} {form}")
                given = _given(kernel, data_type, inputs)
                choose(board, module, f"{kernel.name}_{data_type}", given[0])
                counts = [_checked(board, each, f"{kernel.name}_{data_type} ({form})") for each in given]
                rates.append(_rate(kernel, data_type, form, given, counts, nothing=nothing, clocked=clocked))
    return Benchmark(inputs, tuple(calls), tuple(rates))


def _given(kernel: Kernel, data_type: DataType, inputs: int) -> list[Given]:
    return [kernel.given(data_type, np.random.default_rng([SEED, number])) for number in range(inputs)]


def choose(board: Board, module: GuestModule, name: str, given: Given) -> None:
    """Choose a module's function and call it once: the first call fills MicroPython's caches of names and blocks."""
    board.call("choose", module, name)
    board.call("run_kernel", given.src, given.coefs, given.table, given.out)


def counted(board: Board, given: Given) -> tuple[Count, Array]:
    """Return what a call of the chosen kernel takes, and what came out."""
    with board.count(listed=False) as count:
        out = board.call("run_kernel", given.src, given.coefs, given.table, given.out)
    return count, np.asarray(out)


def _checked(board: Board, given: Given, name: str) -> Count:
    count, out = counted(board, given)
    wrong = np.abs(out[: len(given.expected)] - given.expected) > given.tolerance
    if wrong.any():
        at = int(wrong.argmax())
        raise MachineryError(
            f"{board.target.name} computes {name} wrong: result {at} is {out[at]}, not {given.expected[at]:g}. What it "
            "takes means nothing then. Is it the emulator, the compiler or the firmware? Try another one of them."
        )
    return count


@dataclass(frozen=True)
class _Clocked:
    """What tells the time of code: a cycle model, and of a part in which memory the code of a form is."""

    model: Cycles | None
    part: Part | None
    form: KernelForm
    size: int | None

    def waits(self, counts: Mapping[str, float]) -> float | None:
        """Return by how much the memory lengthens the time at most, in percent."""
        if self.part is None or self.model is None:
            return 0.0
        most = self._wait(counts, self.part, self.model).most
        return None if most is None else 100 * most / self.cycles(counts, self.model)

    def cycles(self, counts: Mapping[str, float], model: Cycles) -> float:
        """Return the cycles by the model of the core, and of the interpreter in the part's flash."""
        more = 0.0 if self.part is None else self._wait(counts, self.part, model).more
        return estimate(counts, model).cycles + more

    def _wait(self, counts: Mapping[str, float], part: Part, model: Cycles) -> Wait:
        is_native = self.form == "native"
        memory = part.modules if is_native else part.firmware
        return wait(Code(counts, memory, self.size, constants=not is_native), model, is_interpreter=not is_native)


def _rate(
    kernel: Kernel, data_type: DataType, form: KernelForm, given: Sequence[Given], counts: Sequence[Count],
    *, nothing: Count, clocked: _Clocked,
) -> Rate:  # fmt: skip
    def per_unit(figures: Iterable[float]) -> Spread:
        return spread([figure / each.units for figure, each in zip(figures, given, strict=True)])

    total: Counter[str] = Counter()
    for count in counts:
        total.update(without(count, nothing))
    model = clocked.model if nothing.classes else None
    cycles = [] if model is None else [clocked.cycles(without(count, nothing), model) for count in counts]
    return Rate(
        kernel=kernel.name,
        unit=kernel.unit,
        data_type=data_type,
        form=form,
        units=float(np.mean([each.units for each in given])),
        instructions=per_unit(count.instructions - nothing.instructions for count in counts),
        cycles=per_unit(cycles) if cycles else None,
        clock=None if model is None else model.clock,
        error=None if model is None else time_error(float_share(total, model), estimate(total, model)),
        waits=clocked.waits(total) if model else 0.0,
        exact=nothing.exact and all(count.exact for count in counts),
        classes={name: number for name, number in total.items() if number},
    )


def without(count: Count, nothing: Count) -> dict[str, int]:
    """Return the classes of a count without those of a call that does nothing."""
    empty = {**nothing.classes, **nothing.words}
    return {name: number - empty.get(name, 0) for name, number in {**count.classes, **count.words}.items()}
