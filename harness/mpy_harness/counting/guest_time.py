"""The guest's time as counted instructions, in place of the host's: the same in every run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from mpy_harness.counting.instrument import Instrument
from mpy_harness.counting.plugin import Plugin
from mpy_harness.errors import GuestTimeUnavailable
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.targets import Target

#: What the guest's clock goes by: the instructions that it executes and what it sleeps, or the host's clock.
GuestTime = Literal["counted", "host"]

#: Hertz of a target that names no clock.
NOMINAL_CLOCK = 100_000_000

# In targets/boards/common/board_clock.c: the function that asks for the time, and the constants with the answer.
_ASK, _ANSWER = "board_ask_clock", "board_clock"


def with_guest_time(
    instrument: Instrument | None, target: Target, image: Path, wanted: GuestTime | None
) -> Instrument | None:
    """Return an instrument that sets the guest's clock as it is wanted; None: by counting, where that can be.

    Raises GuestTimeUnavailable for "counted" where it cannot.
    """
    if wanted == "host":
        return instrument
    try:
        return telling_time(instrument, target, image)
    except GuestTimeUnavailable:
        if wanted == "counted":
            raise
        return instrument


def telling_time(instrument: Instrument | None, target: Target, image: Path) -> Instrument:
    """Return an instrument that also sets the guest's clock: each counted instruction is one cycle.

    Raises GuestTimeUnavailable, which says why the guest's time cannot be counted.
    """
    if instrument is None or instrument.mode is None:
        raise GuestTimeUnavailable(
            f"the guest's time on {target.name} cannot be that of counted instructions where none are counted. Let the "
            "board count (--counting count), or leave its time the host's (--guest-time host)."
        )
    symbols = Symbols(image)
    ask, answer = symbols.address(_ASK), symbols.address(_ANSWER)
    if not isinstance(instrument, Plugin) or ask is None or answer is None:
        raise GuestTimeUnavailable(
            f"the guest's time on {target.name} cannot be that of counted instructions: its firmware does not ask for "
            "it. Use a target in QEMU whose firmware the harness builds (m33), or leave it the host's "
            "(--guest-time host)."
        )
    hertz = target.cycles.clock if target.cycles is not None else NOMINAL_CLOCK
    which = target.instruction_set
    function = which.code_address(ask) if which is not None else ask
    return replace(instrument, clock=f"{function:x}-{answer:x}-{hertz:x}")
