"""A large array that is filled: what each way allocates on the way there, and how much heap it needs at most.

2000 int16, first zeros and then a ramp. MicroPython's array knows no ``array * n``: it has to come from something.

- ``append``: one number after the other; the array grows
- ``generator``: ``array(code, (… for …))``
- ``list``: ``array(code, [0] * n)``, or a list of the ramp
- ``bytes``: ``array(code, bytes(2 * n))``; the ramp is then stored number by number
- ``bytearray``: a bytearray, which ``uctypes`` shows as int16
- ``range``: ``array(code, range(n))``
- ``extend``: in steps of 64, so that no second array of that size is needed
- ``viper``: as ``bytes``, the ramp through a pointer
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cases.allocated import allocations
from mpy_harness.workloads import Case, Check, Guest, Workload

VALUES = 2000
REFERENCES = {"zeros": np.zeros(VALUES, np.int16), "ramp": np.arange(VALUES, dtype=np.int16)}


class Filling(Workload):
    """Arrays of zeros and of a ramp."""

    guards = False

    def cases(self) -> Iterator[Case]:
        """Return what is filled in."""
        yield Case("zeros", partial(self.filled, "zeros"), forms=[form for form in self.forms() if form != "range"])
        yield Case("ramp", partial(self.filled, "ramp"))

    def filled(self, name: str, guest: Guest) -> Iterator[Check]:
        """Make the array."""
        module = guest.load()
        with guest.board.count():
            made = getattr(module, name)(VALUES)
        yield Check(np.frombuffer(made, np.int16), REFERENCES[name], "exact", 0)
        allocations(guest, module, name, VALUES)
