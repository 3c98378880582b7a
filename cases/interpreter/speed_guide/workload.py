"""MicroPython's advice on speed and memory, as pairs: the same result before and after.

The advice is that of the pages "Maximising MicroPython speed" and "MicroPython on microcontrollers" of its
documentation, and what is commonly added to it. Each function of ``bytecode_before.py`` and that of the same name in
``bytecode_after.py`` get 256 int16 and must give the same; what each allocates in a second call is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.allocated import allocations
from cases.signals import generator
from mpy_harness.workloads import Case, Check, Guest, Workload

VALUES = 256
Array = NDArray[Any]


def first(value: int) -> Array:
    """Return an output of which one number is written."""
    return np.r_[value, np.zeros(VALUES - 1)].astype(np.int16)


def head(values: Array) -> Array:
    """Return an output of which the first numbers are written."""
    return np.r_[values, np.zeros(VALUES - len(values))].astype(np.int16)


def recurrence(x: Array) -> int:
    """Return what viper_types() computes."""
    total = 0
    for value in x.tolist():
        total = (total * 5 + value) & 0xFFFF
    return total & 0x7FFF


#: What each function gives, from integers of 64 bits.
ADVICE: dict[str, Callable[[Array], Array]] = {
    "constants": lambda x: x * 3,
    "references": lambda x: x + 5,
    "local_names": lambda x: x + 3,
    "bound_methods": lambda x: first(x.size),
    "while_loops": lambda x: x,
    "preallocated": lambda x: head((x + 1).reshape(-1, 32).sum(axis=1)),
    "slices": lambda x: head(x.reshape(-1, 32).max(axis=1)),
    "read_into": lambda x: head(x.reshape(-1, 32).max(axis=1)),
    "integers": lambda x: np.trunc(x * 0.75),
    "formatting": lambda x: head(np.array([len(f"{a},{b}") for a, b in pairwise(x[:17])])),
    "concatenation": lambda x: first(x.size),
    "keyword_arguments": lambda x: np.clip(x, -500, 500),
    "exceptions": lambda x: x == 0,
    "builtin_sum": lambda x: first(int(x.sum()) & 0x7FFF),
    "comprehension": lambda x: first(2 * int(x[0])),
    "floor_division": lambda x: x // 8,
    "frozen_bytes": lambda x: np.resize([3, 1, 4, 1, 5, 9, 2, 6], x.size),
    "collected": lambda x: head(x[:64]),
    "native_code": lambda x: (x * 3 + 7) >> 1,
    "viper_pointers": lambda x: (x * 3 + 7) >> 1,
    "viper_types": lambda x: first(recurrence(x)),
    "registers": lambda x: first((x.size - 1) & 1),
}


class SpeedGuide(Workload):
    """Pairs of functions."""

    def cases(self) -> Iterator[Case]:
        """Return each piece of advice."""
        for name in ADVICE:
            yield Case(name, partial(self.followed, name))

    def followed(self, name: str, guest: Guest) -> Iterator[Check]:
        """Run one function."""
        src = generator(53).integers(-1000, 1000, VALUES).astype(np.int16)
        reference = np.asarray(ADVICE[name](src.astype(np.int64))).astype(np.int16)
        module = guest.load()
        got = guest.guarded.call(module, name, src, ..., out=("h", VALUES))
        yield Check(got, reference, "exact", 0)
        allocations(guest, module, name, src, reference)
