"""Why a guest's console closed: a crash that the guest reported, a reset, or the machine's own end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from mpy_harness.errors import HarnessError
from mpy_harness.machines.base import Machine
from mpy_harness.machines.fault_line import MARK

_ENDING_SECONDS = 2.0


def explain_end(machine: Machine, console: bytes, name: str, where: Callable[[int], str]) -> HarnessError:
    """Return the error for it; ``console`` is what was printed last, ``where`` puts an address into words."""
    deadline = machine.clock.now() + _ENDING_SECONDS
    while (end := machine.ended()) is None and machine.clock.now() < deadline:
        time.sleep(0.01)
    crash = machine.explain_crash(console, where)
    if crash is not None:
        return crash
    if end is not None and end.by_guest and MARK in console:
        end = replace(end, by_guest=False)
    return machine.explain_end(end, name)
