"""One module an emulator behind one small protocol (``base.Emulator``)."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from mpy_harness.counting.tcg import Instrument, Mode
from mpy_harness.emulators import qemu
from mpy_harness.emulators.base import Emulator, Exit, SharedWindow
from mpy_harness.errors import TargetInvalid
from mpy_harness.firmware.progress import Progress
from mpy_harness.targets import Target

__all__ = ["Emulator", "Exit", "SharedWindow", "instrument", "start"]


class _Kind(Protocol):
    # A module that knows one kind of emulator.
    def start(self, target: Target, image: Path, counting: Instrument | None) -> Emulator: ...
    def instrument(self, target: Target, image: Path, mode: Mode, progress: Progress) -> Instrument: ...


_EMULATORS: dict[str, _Kind] = {"qemu": qemu}


def start(target: Target, image: Path, counting: Instrument | None = None) -> Emulator:
    """Start the target's emulator with a firmware image; the guest begins to run at once.

    ``counting`` is what ``instrument`` gave. Raises ToolMissing where the emulator is not installed,
    EmulatorDied where it ends at once.
    """
    return _module(target).start(target, image, counting)


def instrument(target: Target, image: Path, mode: Mode, progress: Progress) -> Instrument:
    """Return what makes the target's emulator count. Raises CountingUnavailable, which says why it cannot."""
    return _module(target).instrument(target, image, mode, progress)


def _module(target: Target) -> _Kind:
    if target.emulator not in _EMULATORS:
        raise TargetInvalid(
            f"target {target.name} wants the emulator {target.emulator!r}; known: {', '.join(sorted(_EMULATORS))}"
        )
    return _EMULATORS[target.emulator]
