"""How many cycles code waits at most for the memory that it is fetched from, which widens an estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mpy_harness.costs.cycles import BESIDE
from mpy_harness.targets import CodeMemory

#: The longest instruction of Thumb, and of RISC-V and Xtensa with theirs of 16 bits.
_INSTRUCTION_BYTES = 4
_TURNS = ("branch_taken", "call", "return")


@dataclass(frozen=True)
class Code:
    """Code that ran: ``counts`` of its instructions by class, and the ``memory`` that it lies in.

    ``cached`` are the bytes of all code that has to be in the memory's cache together, this one included; None
    where not known. ``constants``: whether what it loads may lie in that memory too.
    """

    counts: Mapping[str, float]
    memory: CodeMemory
    cached: float | None = None
    constants: bool = False


def most_waits(code: Code) -> float | None:
    """Return the cycles that code waits for its memory where no fetch is hidden; None where no source tells.

    Nothing waits where its cache holds all of it. Otherwise each fetch does, and each turn of the flow begins
    one: what a prefetch hides, and what a cache that is too small still holds, is not taken off.
    """
    memory, counts = code.memory, code.counts
    if memory.cache is not None and code.cached is not None and code.cached <= memory.cache.value:
        return 0.0
    if memory.waits is None:
        return None
    waits = 0.0
    if memory.waits.value and memory.line is not None:
        turns = sum(max(0.0, counts.get(name, 0)) for name in _TURNS)
        fetches = executed_bytes(counts) / memory.line.value + turns
        constants = max(0.0, counts.get("load", 0)) if code.constants else 0.0
        waits = memory.waits.value * (fetches + constants)
    if memory.shared is not None:
        waits += sum(max(0.0, counts.get(words, 0)) for words in ("load_words", "store_words"))
    return waits


def executed_bytes(counts: Mapping[str, float]) -> float:
    """Return the bytes of instructions that were executed, at most: of code, where nothing ran twice."""
    return _INSTRUCTION_BYTES * sum(max(0.0, n) for name, n in counts.items() if name not in BESIDE)
