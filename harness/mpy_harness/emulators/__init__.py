"""One module an emulator behind one small protocol (``base.Emulator``)."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from mpy_harness.counting.tcg import Instrument, Mode
from mpy_harness.emulators import qemu
from mpy_harness.emulators.base import Emulator, Exit, GuestMemory, SharedWindow
from mpy_harness.errors import TargetInvalid
from mpy_harness.firmware.progress import Progress
from mpy_harness.targets import FILE_NAME, Target

__all__ = [
    "Emulator", "Exit", "GuestMemory", "SharedWindow",
    "counting", "instrument", "name", "program", "start", "version",
]  # fmt: skip


class _Kind(Protocol):
    # A module that knows one kind of emulator, and its table in target.toml (Target.machine_as).
    def name(self, target: Target) -> str: ...
    def program(self, target: Target) -> Path: ...
    def version(self, target: Target) -> str: ...
    def counting(self, target: Target) -> str: ...
    def start(self, target: Target, image: Path, counting: Instrument | None) -> Emulator: ...
    def instrument(self, target: Target, image: Path, mode: Mode, progress: Progress) -> Instrument: ...


_EMULATORS: dict[str, _Kind] = {"qemu": qemu}


def name(target: Target) -> str:
    """Return what the program that runs a target is called."""
    return _module(target).name(target)


def program(target: Target) -> Path:
    """Return where that program is, after a quick look. Raises ToolMissing, which says how to get it."""
    return _module(target).program(target)


def version(target: Target) -> str:
    """Return its version in words. Raises ToolMissing where it is absent or too old."""
    return _module(target).version(target)


def counting(target: Target) -> str:
    """Return in words what it counts instructions with. Raises ToolMissing, which says why it cannot."""
    return _module(target).counting(target)


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
            f"{target.folder / FILE_NAME} does not describe a target:\n  emulator: there is no emulator "
            f"{target.emulator!r}, only {', '.join(sorted(_EMULATORS))}"
        )
    return _EMULATORS[target.emulator]
