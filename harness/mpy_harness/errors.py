"""The two families of errors.

``GuestFailure``: the user's test, script or module is wrong, or the guest code it ran.
``MachineryError``: what runs the test is wrong (tool missing, image broken, emulator died).

Every message says what happened and what to do next; the plugin adds the console log's path.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


class HarnessError(Exception):
    """Base of both families."""


class GuestFailure(HarnessError):
    """The test, the module under test or other guest code failed."""


class MachineryError(HarnessError):
    """What runs the test failed; the test itself says nothing."""


# --- guest family -------------------------------------------------------------------------------


class GuestException(GuestFailure):
    """An exception that guest code raised and did not catch.

    ``type`` is the guest's exception class name, ``message`` its text, ``traceback`` the guest's
    own traceback as printed by MicroPython.
    """

    def __init__(self, type: str, message: str, traceback: str, output: str = "") -> None:
        self.type = type
        self.message = message
        self.traceback = traceback
        self.output = output
        super().__init__(f"{type}: {message}" if message else type)

    def __str__(self) -> str:
        summary = super().__str__()
        return summary if self.traceback.rstrip(": ") in {"", summary} else f"{summary}\n{self.traceback}"


class GuestFault(GuestFailure):
    """The core took a fault exception: guest code, most often a native module, did something illegal.

    ``registers`` maps names (``pc``, ``lr``, ``sp``, ``cfsr``, ...) to values.
    """

    def __init__(self, kind: str, registers: dict[str, int], explanation: str) -> None:
        self.kind = kind
        self.registers = registers
        super().__init__(explanation)


class MemoryMisused(GuestFailure):
    """Native code read or wrote memory that is not its own, or freed what it should not (``--memcheck``).

    ``findings`` are all that were found, the first of which the message tells in full
    (``mpy_harness.memcheck.findings``).
    """

    def __init__(self, message: str, findings: Sequence[Any] = ()) -> None:
        self.findings = tuple(findings)
        super().__init__(message)


class GuestTimeout(GuestFailure):
    """Guest code did not end within its time; the subclasses say in which way."""


class PythonLoop(GuestTimeout):
    """Python code of the guest was still running; Ctrl-C interrupted it."""


class NativeLoop(GuestTimeout):
    """Guest code was still running and did not react to Ctrl-C: native code, most likely."""


class EndlessOutput(GuestTimeout):
    """The guest was still printing when its time was over."""


class GuestReset(GuestFailure):
    """Guest code reset or stopped the machine."""


class ConsoleTimeout(GuestFailure):
    """An expected pattern did not appear on the console in time."""


class IncompatibleModule(GuestFailure):
    """A .mpy file is whole, but not for this board's architecture or version."""


class CorruptModule(GuestFailure):
    """A .mpy file cannot be read, is truncated or not a .mpy file."""


class FloatAbiWarning(UserWarning):
    """A module loads, but passes C floats in another way than the firmware expects them."""


class InexactCount(UserWarning):
    """Instructions were counted that cannot be told apart from those of other programs, or are missing."""


class RegionUnused(UserWarning):
    """``board.count()`` or ``board.allocations()`` was called without ``with``, and measured nothing."""


class WrongModule(GuestFailure):
    """Importing a module gave another one than the file under test."""


class Untransferable(GuestFailure, TypeError):
    """A value cannot be passed between host and guest."""


class ScriptFailed(GuestFailure, AssertionError):
    """A device script ended with a status other than zero."""


class Mismatch(GuestFailure, AssertionError):
    """A result is outside its tolerance."""


class BudgetExceeded(GuestFailure, AssertionError):
    """A test took more than its budget allows."""


class BudgetInvalid(GuestFailure, TypeError):
    """A test's budget names what cannot be limited, or its region was never counted."""


class CountInvalid(GuestFailure, AssertionError):
    """A count leaves out what the guest executed, because guest code executed marks of regions itself."""


class NatmodInvalid(GuestFailure):
    """A native module does not exist, lacks its Makefile or does not build."""


class ProgramInvalid(GuestFailure):
    """A plain C program's sources do not exist or do not compile."""


class ModelInvalid(GuestFailure):
    """A model or stage whose costs are wanted does not exist, is of an unknown kind, or does not fit the module."""


class VectorsInvalid(GuestFailure):
    """A file of golden vectors is missing, damaged or lacks an array."""


class ProfileInvalid(GuestFailure):
    """A saved profile is damaged or of another version."""


class ImageInvalid(GuestFailure):
    """A file whose sizes are wanted is no linked ELF image and no .mpy file."""


class MeasurementsInvalid(GuestFailure):
    """A file of measurements is damaged, hostile or of another version."""


# --- machinery family ---------------------------------------------------------------------------


class ToolMissing(MachineryError):
    """A program or package that is needed is not installed."""


class CompilerMissing(ToolMissing):
    """The compiler for firmware or native modules of a target is not installed."""


class CountingUnavailable(ToolMissing):
    """Instructions cannot be counted with the emulator or firmware that is there."""


class ConfigurationInvalid(MachineryError):
    """The table ``tool.mpy-harness`` of a ``pyproject.toml`` is wrong."""


class GuestTimeUnavailable(MachineryError):
    """The guest's time cannot be that of counted instructions with the emulator or firmware that is there."""


class MemcheckUnavailable(MachineryError):
    """What native code does to memory cannot be checked with the emulator or firmware that is there."""


class TimingUnavailable(MachineryError):
    """How long something takes cannot be measured: that is so on every emulator."""


class MemoryUnwatched(MachineryError):
    """What a program takes of heap and stack is not counted by the firmware that is there."""


class TargetInvalid(MachineryError):
    """A target does not exist or its description is wrong."""


class PlaceInvalid(MachineryError):
    """Nothing new can be written there, or by that name."""


class SourceUnavailable(MachineryError):
    """A source archive could not be had, from none of its origins."""


class HashMismatch(MachineryError):
    """A file is not the one whose hash is pinned."""

    def __init__(self, path: Path | str, expected: str, actual: str) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"{path} is not the file that is pinned, it was not used:\n"
            f"  expected SHA-256 {expected}\n  actual SHA-256   {actual}\n"
            "Delete it and try again; if it happens again, the download was tampered with or replaced."
        )


class BuildFailed(MachineryError):
    """A firmware did not build."""


class EmulatorDied(MachineryError):
    """The emulator ended when nobody had asked it to."""


class BoardGone(MachineryError):
    """A board was there, and is not any more: unplugged, most likely."""


class PortRefused(MachineryError):
    """A board's port is there, but it cannot be used."""


class EmulatorRefused(MachineryError):
    """The emulator runs, but did not do what it was told."""


class DebuggerFailed(MachineryError):
    """GDB ended, or could not be used."""


class GuestMemoryFailed(MachineryError):
    """The emulator did not give the access to guest memory that was needed."""


class FirmwareInvalid(MachineryError):
    """A firmware image is not one that the target's machine can run, or that the harness can work with."""


class GuestMemoryGone(GuestMemoryFailed):
    """The emulator closed the way to guest memory: it has ended, most likely."""


class FirmwareSilent(MachineryError):
    """The emulator runs, but the firmware printed no prompt."""


class ConsoleGarbled(MachineryError):
    """The console did not follow the REPL protocol."""


class GitHubUnavailable(MachineryError):
    """GitHub's REST API refused a request, or did not answer it."""


class JobMisconfigured(MachineryError):
    """A CI job was not given what it needs: an event, a token, the history of a branch."""
