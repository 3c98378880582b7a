"""The unix port of MicroPython, with board code of its own: a process that starts in milliseconds."""

from __future__ import annotations

import contextlib
import platform
import sys
from pathlib import Path

from mpy_harness.counting.instrument import Check, Instrument, Mode
from mpy_harness.errors import CountingUnavailable, FirmwareInvalid, MemcheckUnavailable, ToolMissing
from mpy_harness.firmware.progress import Progress
from mpy_harness.machines.base import MachineKind
from mpy_harness.machines.storage import Storage
from mpy_harness.machines.unix import valgrind
from mpy_harness.machines.unix.machine import UnixProcess, UnixSetup
from mpy_harness.targets import Table

_MACHINES = {"x86_64", "amd64"}


class UnixTable(Table):
    """The table ``[unix]``, in which nothing need be said.

    ``confined`` is False where the kernel has no filters of system calls (seccomp), and the guest shall run without.
    """

    confined: bool = True


class UnixKind(MachineKind[UnixTable]):
    """The unix port. Its firmware is a program, which is started."""

    table_model = UnixTable
    name = "the unix port"

    def find(self) -> Path:
        """Return what it runs on, this computer (see ``MachineKind.find``)."""
        if sys.platform != "linux" or platform.machine().lower() not in _MACHINES:
            raise ToolMissing(
                f"{self.target.name} runs on this computer itself, which has to be Linux on x86-64, and is "
                f"{platform.system()} on {platform.machine()}. Use a target in an emulator: m33."
            )
        return Path("/")

    def version(self) -> str:
        """Return what it runs on; its release is the firmware's."""
        self.find()
        return f"Linux {platform.release()} on {platform.machine()}"

    def start(self, image: Path, instrument: Instrument | None = None, storage: Storage | None = None) -> UnixProcess:
        """Start the program (see ``MachineKind.start``); nothing is kept from one start to the next."""
        del storage
        window = self.target.window
        if window is None:
            raise FirmwareInvalid(
                f"the target {self.target.name} has no window, by which its program is reached: a [[memory]] of "
                'kind = "window", as targets/unix has it.'
            )
        checks = isinstance(instrument, valgrind.Valgrind)
        setup = UnixSetup(image, window, confined=self.table.confined, valgrind=valgrind.program() if checks else None)
        with contextlib.ExitStack() as undo:
            return UnixProcess.launch(setup, undo)

    def describe_counting(self) -> str:
        """Raise CountingUnavailable: this computer's processor is no microcontroller's."""
        raise CountingUnavailable(f"{self.name} counts no instructions: they would be those of this computer.")

    def checker(
        self, image: Path, mode: Mode | None, progress: Progress, *, check: Check, covers: bool = False
    ) -> Instrument:
        """Return what runs the program in valgrind (see ``MachineKind.checker``)."""
        del image, mode, progress
        if check == "stress":
            raise MemcheckUnavailable(f"{self.name} has no --gc-stress, only --memcheck. {self.advice}")
        if covers:
            raise MemcheckUnavailable(f"{self.name} does not tell which lines of native modules ran. {self.advice}")
        valgrind.program()
        return valgrind.Valgrind(None, "")
