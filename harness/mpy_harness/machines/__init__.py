"""One folder a kind of machine behind one small protocol (``base.Emulator``)."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from mpy_harness.counting.instrument import Instrument, Mode
from mpy_harness.errors import CountingUnavailable, TargetInvalid
from mpy_harness.firmware.progress import Progress
from mpy_harness.machines.base import Emulator, Exit, GuestMemory, SharedWindow, Storage
from mpy_harness.machines.espressif import kind as espressif
from mpy_harness.machines.qemu import kind as qemu
from mpy_harness.machines.renode import kind as renode
from mpy_harness.targets import FILE_NAME, Target

__all__ = [
    "Emulator", "Exit", "GuestMemory", "SharedWindow", "Storage",
    "describe_counting", "executable", "instrument", "modes", "name", "set_up", "settle", "start", "version",
]  # fmt: skip


class _Kind(Protocol):
    # A module that knows one kind of emulator, and its table in target.toml (Target.machine_as).
    MODES: tuple[Mode, ...]
    SETTLE: str

    def name(self, target: Target) -> str: ...
    def executable(self, target: Target) -> Path: ...
    def version(self, target: Target) -> str: ...
    def describe_counting(self, target: Target) -> str: ...
    def set_up(self, target: Target, progress: Progress) -> None: ...
    def start(self, target: Target, image: Path, instrument: Instrument | None, storage: Storage) -> Emulator: ...
    def instrument(self, target: Target, image: Path, mode: Mode, progress: Progress) -> Instrument: ...


_KINDS: dict[str, _Kind] = {"qemu": qemu, "espressif": espressif, "renode": renode}


def name(target: Target) -> str:
    """Return what the program that runs a target is called."""
    return _module(target).name(target)


def executable(target: Target) -> Path:
    """Return where that program is, after a quick look. Raises ToolMissing, which says how to get it."""
    return _module(target).executable(target)


def version(target: Target) -> str:
    """Return its version in words. Raises ToolMissing where it is absent or too old."""
    return _module(target).version(target)


def describe_counting(target: Target) -> str:
    """Return in words what it counts instructions with. Raises ToolMissing, which says why it cannot."""
    return _module(target).describe_counting(target)


def modes(target: Target) -> tuple[Mode, ...]:
    """Return what the emulator can count."""
    return _module(target).MODES


def settle(target: Target) -> str:
    """Return what the guest waits for before a request is counted (guest/counting.py), "" for nothing."""
    return _module(target).SETTLE


def set_up(target: Target, progress: Progress) -> None:
    """Fetch the program that runs a target, unless it is there or comes as a package of the system.

    Raises SourceUnavailable, HashMismatch.
    """
    _module(target).set_up(target, progress)


def start(
    target: Target, image: Path, instrument: Instrument | None = None, storage: Storage | None = None
) -> Emulator:
    """Start the target's emulator with a firmware image; the guest begins to run at once.

    ``instrument`` is what ``instrument`` gave, ``storage`` what the guest keeps from one start to the next.
    Raises ToolMissing where the emulator is not installed, EmulatorDied where it ends at once.
    """
    return _module(target).start(target, image, instrument, storage or Storage())


def instrument(target: Target, image: Path, mode: Mode, progress: Progress) -> Instrument:
    """Return what makes the target's emulator count. Raises CountingUnavailable, which says why it cannot."""
    there = modes(target)
    if mode not in there:
        raise CountingUnavailable(
            f"counting {mode} is not there for {target.name}, which runs in {name(target)}: only {', '.join(there)}."
        )
    return _module(target).instrument(target, image, mode, progress)


def _module(target: Target) -> _Kind:
    if target.emulator not in _KINDS:
        raise TargetInvalid(
            f"{target.folder / FILE_NAME} does not describe a target:\n  emulator: there is no emulator "
            f"{target.emulator!r}, only {', '.join(sorted(_KINDS))}"
        )
    return _KINDS[target.emulator]
