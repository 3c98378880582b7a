"""One module an emulator behind one small protocol (``base.Emulator``)."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.emulators import qemu
from mpy_harness.emulators.base import Emulator, Exit, SharedWindow
from mpy_harness.errors import TargetInvalid
from mpy_harness.targets import Target

__all__ = ["Emulator", "Exit", "SharedWindow", "start"]

_STARTERS = {"qemu": qemu.start}


def start(target: Target, image: Path) -> Emulator:
    """Start the target's emulator with a firmware image; the guest begins to run at once.

    Raises ToolMissing where the emulator is not installed, EmulatorDied where it ends at once.
    """
    starter = _STARTERS.get(target.emulator)
    if starter is None:
        raise TargetInvalid(
            f"target {target.name} wants the emulator {target.emulator!r}; known: {', '.join(sorted(_STARTERS))}"
        )
    return starter(target, image)
