"""What the harness expects of a machine: two classes, from which each kind of machine derives its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal

from mpy_harness.counting.instrument import Check, Instrument, Mode, PeekedRecords, Records
from mpy_harness.errors import (
    CountingUnavailable,
    EmulatorDied,
    EmulatorRefused,
    GuestFailure,
    GuestMemoryFailed,
    GuestReset,
    HarnessError,
    MemcheckUnavailable,
)
from mpy_harness.firmware.progress import Progress
from mpy_harness.machines.clock import Clock
from mpy_harness.machines.fault_line import explain_fault
from mpy_harness.machines.memory import GuestMemory, SharedWindow
from mpy_harness.machines.storage import Storage
from mpy_harness.machines.streams import ByteStream
from mpy_harness.memcheck.coverage import BlockTable
from mpy_harness.targets import Target
from mpy_harness.targets.tables import AnyTable

#: What answers on a guest's console once it has booted: MicroPython's friendly prompt, and its raw REPL behind Ctrl-A.
Shell = Literal["raw-repl"]


@dataclass(frozen=True)
class End:
    """How a machine went off: in words, what it said last, and whether its guest did it (a reset, say)."""

    how: str
    message: str = ""
    by_guest: bool = False


class Machine(ABC):
    """A machine that is on and runs one guest.

    A class of your own derives from this one, sets ``console``, and defines ``ended`` and ``close``. All else has a
    default that fits a machine which offers nothing more: values then travel on the console as text, and nothing is
    counted. It need not be a process: the machine may be a board, its console a serial port::

        class SerialBoard(Machine):
            def __init__(self, port: Path) -> None:
                self._file = port.open("r+b", buffering=0)
                self.console = DescriptorStream(self._file)

            def ended(self) -> End | None:
                return None if port_is_there(self._file) else End("the board was unplugged")

            def close(self) -> None:
                self._file.close()
    """

    #: Bytes to and from the guest's console.
    console: ByteStream
    #: What answers there.
    shell: Shell = "raw-repl"
    #: What timeouts go by. An emulator's slows down while other processes of the host keep it waiting.
    clock: Clock = Clock()
    #: Whether the guest has just started and shows its prompt by itself; one that was on before has to be asked for it.
    greets: bool = True
    #: Memory shared with the guest, where the target has some.
    window: SharedWindow | None = None
    #: Access to all of the guest's memory, where there is no window and the machine offers it.
    memory: GuestMemory | None = None
    #: What was counted, where the machine was started with an instrument.
    records: Records | None = None
    #: What native code did wrong to memory, where the machine was started with an instrument that checks that.
    findings: PeekedRecords | None = None
    #: Which code of native modules ran, where the instrument writes that down.
    coverage: BlockTable | None = None

    @abstractmethod
    def ended(self) -> End | None:
        """Return how the machine went off, or None while it is on."""

    @abstractmethod
    def close(self) -> None:
        """Switch the machine off and free what it used. Calling it again does nothing."""

    def switch_off(self) -> None:
        """Do what a hard reset needs before ``close``: nothing, where that switches the machine off."""
        return

    def reset(self) -> bool:
        """Press the machine's reset button, if it has one that works from outside: its guest begins anew.

        Return whether that was done. What the guest sent before is gone then, and what was sent to it.
        """
        return False

    def may_have_lost_output(self) -> bool:
        """Tell whether console output may have been dropped because it was not taken in time."""
        return False

    def program_counter(self) -> int | None:
        """Return where the guest is executing, or None if the machine does not tell."""
        return None

    def stack_pointer(self) -> int | None:
        """Return where the guest's stack ends at the moment, or None if the machine does not tell."""
        return None

    def read_memory(self, address: int, size: int) -> bytes:
        """Return bytes of the guest's memory while it runs, b"" where the machine does not give them."""
        if self.memory is None:
            return b""
        try:
            return self.memory.read(address, size)
        except GuestMemoryFailed:
            return b""

    def serve_gdb(self, place: Path, found: Callable[[], bool] | None = None) -> Callable[[], bool]:
        """Take GDB at a Unix socket of this path: the guest stops when it connects.

        ``found`` is called, by another thread, when the machine's instrument holds the guest at something that it has
        found: whether it shall stop there.

        Return what tells whether GDB has let the guest go on since. What ``memory`` gave may be gone then. Raises
        EmulatorRefused.
        """
        del place, found
        raise EmulatorRefused("this machine takes no GDB. Use a target that runs in QEMU (m33).")

    def explain_crash(self, console: bytes, where: Callable[[int], str]) -> GuestFailure | None:
        """Return what the guest's last words on the console mean, or None where they tell of no crash.

        ``where`` puts an address of the guest into words. It is called when the console has closed. The line
        ``#FAULT``, which the project's own boards print, is understood here.
        """
        return explain_fault(console, where)

    def last_words(self, console: bytes) -> bytes:
        """Return what the guest said last, and what the machine tells in its place of a guest that has ended."""
        return console

    def explain_end(self, end: End | None, name: str) -> HarnessError:
        """Return the error for a console that closed without a word of the guest; ``name`` is the target's."""
        if end is None:
            return EmulatorDied(f"the console of {name} closed, but its emulator still runs")
        if end.by_guest:
            return GuestReset("guest code reset or stopped the machine (machine.reset() or a reset by other means)")
        return EmulatorDied(f"the emulator of {name} ended ({end.how}): {end.message or 'no message'}")

    def explain_silence(self, console: bytes) -> str:
        """Return a sentence on why the guest has no prompt, "" where what it said on the console does not tell."""
        del console
        return ""

    def execute(self, command: str) -> str:
        """Run a command of the emulator's own monitor and return what it said. Raises EmulatorRefused."""
        raise EmulatorRefused(f"this machine takes no commands, so {command!r} was not run")

    def include(self, script: Path) -> str:
        """Run a Python file in the emulator and return what it printed. Raises EmulatorRefused."""
        raise EmulatorRefused(f"this machine runs no scripts, so {script} was not run. Use a target in Renode.")


class MachineKind(ABC, Generic[AnyTable]):
    """A kind of machine, for one target: finds what runs the target, and starts it.

    A class of your own names the model of its table in ``target.toml`` and defines what is abstract here::

        class SerialTable(Table):
            port: str

        class SerialKind(MachineKind[SerialTable]):
            table_model = SerialTable
            name = "a board on a serial port"

            def find(self) -> Path: ...  # /dev/ttyACM0, or ToolMissing where nothing is plugged in
            def version(self) -> str: ...
            def start(self, image, instrument=None, storage=None) -> Machine:
                return SerialBoard(self.find())

    A target has it with ``emulator = "serial"`` and a table ``[serial]``, when the class is known by that name:
    ``docs/machines.md`` shows how.
    """

    #: The model of the table in ``target.toml`` that has the kind's name.
    table_model: type[AnyTable]
    #: What it can count.
    modes: tuple[Mode, ...] = ()
    #: What the guest waits for before a request is counted (guest/counting.py), "" for nothing.
    settle: str = ""
    #: Whether the guest is a chip: its own files are there after the tests and must not be changed, its time is real.
    is_hardware: bool = False

    def __init__(self, target: Target) -> None:
        self.target = target
        self.table = target.machine_as(self.table_model)

    @property
    @abstractmethod
    def name(self) -> str:
        """What people call the machine, or the program that it is."""

    @abstractmethod
    def find(self) -> Path:
        """Return where the machine is, its program or its port, after a quick look.

        Raises ToolMissing, which says how to get it.
        """

    @abstractmethod
    def version(self) -> str:
        """Return its version in words. Raises ToolMissing where it is absent or too old."""

    @abstractmethod
    def start(self, image: Path, instrument: Instrument | None = None, storage: Storage | None = None) -> Machine:
        """Switch the machine on with a firmware image; the guest begins to run at once.

        ``instrument`` is what the method of that name gave, ``storage`` what the guest keeps from one start to the
        next. Raises ToolMissing where the machine is absent, EmulatorDied where it ends at once.
        """

    def set_up(self, progress: Progress) -> None:
        """Fetch what runs the target, unless it is there or comes as a package of the system: nothing, by default.

        Raises SourceUnavailable, HashMismatch.
        """

    def describe_counting(self) -> str:
        """Return in words what it counts instructions with. Raises CountingUnavailable, which says why it cannot."""
        raise CountingUnavailable(f"{self.name} counts no instructions.")

    def instrument(self, image: Path, mode: Mode, progress: Progress) -> Instrument:
        """Return what makes the machine count. Raises CountingUnavailable, which says why it cannot."""
        if mode not in self.modes:
            there = f"only {', '.join(self.modes)}" if self.modes else "it counts no instructions"
            raise CountingUnavailable(
                f"counting {mode} is not there for {self.target.name}, which runs in {self.name}: {there}. "
                f"{self.advice}"
            )
        return self.prepare_counting(image, mode, progress)

    def prepare_counting(self, image: Path, mode: Mode, progress: Progress) -> Instrument:
        """Return what makes the machine count in one of its ``modes``: a kind that has some defines this."""
        raise NotImplementedError

    def checker(
        self, image: Path, mode: Mode | None, progress: Progress, *, check: Check, covers: bool = False
    ) -> Instrument:
        """Return what makes the machine check what native code does to memory, and count in a mode besides.

        ``covers``: it writes down which code of native modules runs. Raises MemcheckUnavailable, which says
        why it cannot: that is so by default.
        """
        del image, mode, progress, check, covers
        raise MemcheckUnavailable(
            f"{self.name} cannot check what native code does to memory: overruns, uses after free, stray pointers. "
            f"That takes QEMU's plugins, an Arm core, and the symbols of the firmware. {self.advice} Or use the "
            "fixture `guarded`, which works on any board: it finds what is written beside a buffer."
        )

    def check_gdb(self) -> None:
        """Raise EmulatorRefused where it is known before a start that its machines take no GDB.

        The rest is told by ``Machine.serve_gdb``.
        """
        return

    @property
    def advice(self) -> str:
        """A sentence on which target has what this one has not."""
        base = self.target.firmware_of
        if base is not None:
            return f"Use {base.name}, which runs the same firmware."
        return "Use a target whose firmware is built here and runs in QEMU (m33)."
