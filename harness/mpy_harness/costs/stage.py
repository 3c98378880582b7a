"""Stages: one step of a program that a native module does, with what it takes as far as its sizes tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Bytes of a block of MicroPython's heap on cores of 32 bits: what is allocated takes whole ones.
_BLOCK = 16
_ARRAY = 16  # mp_obj_array_t there; the items are apart


@dataclass(frozen=True)
class Stage:
    """A native module's work on one block of samples, or on one sample to classify.

    ``kind`` is what its instructions are known by, ``text`` what people call it. ``terms`` say how often a run does
    each thing that its cost is made of; where that was not looked up in samples, ``guessed`` says what it is from,
    and ``extremes`` are the least and the most that it can be, where nothing better is known of the guess.
    ``others`` are modules that it needs besides. ``sizes`` are what a user chose. ``heap`` are the bytes of its object
    in the guest's heap, ``data`` those of the model that it is made of. ``samples`` are how many of its input one run
    takes, ``gives`` how many things that makes for the stage after it; ``rate`` is how many samples come in a second,
    None: as many as the stage before gives.
    """

    kind: str
    module: str
    text: str
    terms: Mapping[str, float]
    sizes: Mapping[str, int]
    heap: int
    data: int = 0
    others: tuple[str, ...] = ()
    samples: int = 1
    gives: int = 1
    rate: float | None = None
    guessed: str = ""
    extremes: tuple[Mapping[str, float], ...] = ()
    about: str = field(default="", compare=False)

    @property
    def uses(self) -> tuple[str, ...]:
        """Return all modules that it needs."""
        return (self.module, *self.others)


def heap_bytes(*allocations: int) -> int:
    """Return what allocations of so many bytes take of a 32-bit MicroPython's heap."""
    return sum(-(-size // _BLOCK) * _BLOCK for size in allocations)


def array_bytes(size: int) -> int:
    """Return what an array with items of so many bytes takes of that heap."""
    return heap_bytes(_ARRAY, size)
