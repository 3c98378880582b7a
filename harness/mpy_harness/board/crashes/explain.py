"""Why a guest's console closed: a fault that the firmware told of, a reset, or the emulator's own end."""

from __future__ import annotations

import time
from collections.abc import Callable

from mpy_harness.board.crashes.cortex_m import MARK, find_fault, find_lockup
from mpy_harness.board.crashes.esp_idf import find_panic
from mpy_harness.errors import EmulatorDied, GuestReset, HarnessError
from mpy_harness.machines import Emulator

_DYING_SECONDS = 2.0


def explain_end(emulator: Emulator, console: bytes, name: str, where: Callable[[int], str]) -> HarnessError:
    """Return the error for it; ``console`` is what was printed last, ``where`` puts an address into words."""
    deadline = time.monotonic() + _DYING_SECONDS
    while (end := emulator.ended()) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    fault = find_fault(console) or (find_lockup(end.stderr) if end else None)
    panic = find_panic(console, where)
    if panic is not None:
        return panic
    if fault is not None:
        places = [f"{name} is in {where(fault.registers[name])}" for name in ("pc", "lr") if name in fault.registers]
        fault.args = ("\n  ".join([fault.args[0], *places]),)
        return fault
    if end is None:
        return EmulatorDied(f"the console of {name} closed, but its emulator still runs")
    if end.status == 0 and MARK not in console:
        return GuestReset("guest code reset or stopped the machine (machine.reset() or a reset by other means)")
    return EmulatorDied(f"the emulator of {name} ended ({end.how}): {end.message or 'no message'}")
