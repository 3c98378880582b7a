"""How long the interpreter takes from flash: the one model, of estimates and of docs/published.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mpy_harness.costs import cycles
from mpy_harness.costs.waits import Code, most_waits
from mpy_harness.targets import CodeMemory, Cycles, Measured

_CALLS = ("call", "return")


@dataclass(frozen=True)
class Wait:
    """Cycles that code takes ``more`` than by the core's model, and how many that may be beyond (``most``).

    ``more`` is below 0 where published firmware does with less than what was counted. ``most`` is None where no source
    tells it.
    """

    more: float
    most: float | None


@dataclass(frozen=True)
class Waits:
    """Cycles that a run takes ``more`` than by the core's model, and what it waits beyond that at most.

    ``most`` is without what ``untold`` add: memories of which no source tells it.
    """

    more: float
    most: float
    untold: tuple[str, ...]


def from_flash(model: float, counts: Mapping[str, float], waits: float, measured: Measured) -> float:
    """Return the cycles of the interpreter in a flash, of ``model`` cycles by the core's model, by class ``counts``.

    It is the calls and returns that wait: there code goes on that the flash's cache has seldom.
    """
    return measured.work * model + measured.calls * waits * sum(counts.get(name, 0) for name in _CALLS)


def wait(code: Code, model: Cycles, *, is_interpreter: bool) -> Wait:
    """Return what code waits for its memory: of the interpreter by what was measured, of other code at most."""
    memory = code.memory
    if not any(code.counts.values()):
        return Wait(0.0, 0.0)
    if is_interpreter and not _is_cached(code):
        counts = {**dict.fromkeys(cycles.ASKED, 0.0), **code.counts}
        taken = cycles.estimate(counts, model).cycles
        if memory.measured is not None and memory.waits is not None:
            return Wait(from_flash(taken, counts, memory.waits.value, memory.measured) - taken, 0.0)
        if memory.longer is not None:
            return Wait(0.0, taken * memory.longer.value / 100)
    return Wait(0.0, most_waits(code))


def waits(firmware: Code, modules: Code, model: Cycles, *, is_interpreter: bool) -> Waits:
    """Return what a run waits for whose code is in two memories: that of the firmware, and that of native modules."""
    found = [
        (firmware.memory, wait(firmware, model, is_interpreter=is_interpreter)),
        (modules.memory, wait(modules, model, is_interpreter=False)),
    ]
    return Waits(
        more=sum(each.more for _, each in found),
        most=sum(each.most or 0.0 for _, each in found),
        untold=tuple(memory.memory for memory, each in found if each.most is None),
    )


def _is_cached(code: Code) -> bool:
    held: CodeMemory = code.memory
    return held.cache is not None and code.cached is not None and code.cached <= held.cache.value
