"""A running Renode: its monitor, its console, memory that it shares with us, and what it counts.

The monitor is its standard input and output, so that it opens no port. The terminal and the shared memory need names:
these are in a private folder, which is removed as soon as both sides have opened them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import mmap
import os
import re
import shutil
import socket
import tempfile
import tty
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from mpy_harness.counting.instrument import Records
from mpy_harness.counting.marks import MarkRecords, MarkSites
from mpy_harness.errors import EmulatorRefused, GuestFailure, GuestMemoryFailed
from mpy_harness.machines.base import End, Machine
from mpy_harness.machines.descriptors import nameless, pair
from mpy_harness.machines.memory import SharedWindow
from mpy_harness.machines.process import EmulatorProcess
from mpy_harness.machines.relay import Relay
from mpy_harness.machines.renode.kept import ALIGNMENT, Kept, shared_file
from mpy_harness.machines.renode.monitor import Monitor, MonitorClosedError
from mpy_harness.machines.streams import DescriptorStream

_SETUP_SECONDS = 60.0
_ASK_SECONDS = 5.0
_BYTE = re.compile(r"\b0x([0-9A-Fa-f]{2})\b")
# A step of the guest's time. Input from the host waits for a step's end; computing is faster with long steps.
_STEP_INSTRUCTIONS = 20_000
# Bytes of translated code: a small buffer, because at each hook Renode searches all that it has translated so far.
_CONFIGURATION = "[translation]\nmin-tb-size = 4194304\nmax-tb-size = 4194304\n"
_CPU = "sysbus.cpu"
_TRACE = re.compile(r"\s+at |--- End of|\[ERROR\] FATAL|\s*$")
_KEPT = "kept"  # the folder of the memory that outlives the machine
_OPTIONS = ("--console", "--plain", "--disable-xwt", "--hide-log")


@dataclass(frozen=True)
class Shared:
    """Memory that the host maps: its name in the platform, its address and size, whether it is the target's window."""

    variable: str
    address: int
    size: int
    is_window: bool


@dataclass(frozen=True)
class RenodeSetup:
    """What a Renode is started with; ``mips`` as in ``RenodeTable``, ``hint``: how to get the program.

    ``scripts``: Python files that Renode runs when it has the platform; ``kept``: a memory that outlives the machine;
    ``vectors``: where those of a firmware are that does not tell of faults itself.
    """

    binary: Path
    platform: Path
    console: str
    shared: Shared
    mips: int
    image: Path
    hint: str
    scripts: tuple[Path, ...] = ()
    kept: Kept | None = None
    vectors: int | None = None


class SharedRam(SharedWindow):
    """Shared memory that is accessed at addresses from the guest: raises GuestMemoryFailed for one outside of it."""

    def read(self, address: int, size: int) -> bytes:
        """Return the bytes from an address on."""
        self._check(address, size)
        return super().read(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Write bytes from an address on."""
        self._check(address, len(data))
        super().write(address, data)

    def _check(self, address: int, size: int) -> None:
        if not self.address <= address <= address + size <= self.address + len(self.memory):
            raise GuestMemoryFailed(
                f"there is no RAM at {address:#x}, {size} bytes long: the guest's memory is corrupt"
            )


class Renode(Machine):
    """A running Renode."""

    @classmethod
    def launch(cls, setup: RenodeSetup, sites: MarkSites | None, undo: contextlib.ExitStack) -> Renode:
        """Start Renode; ``undo`` holds what belongs to it and is closed with it."""
        folder = Path(tempfile.mkdtemp(prefix="mpy-harness-", dir=_in_memory()))
        with contextlib.ExitStack() as begun:
            begun.callback(shutil.rmtree, folder, ignore_errors=True)
            undo.callback(shutil.rmtree, folder, ignore_errors=True)  # for what Renode writes there when it ends
            inherited = []
            records = None
            if sites is not None:
                output = nameless(undo)
                inherited.append(output)
                records = MarkRecords(output)
                (folder / "marks.py").write_text(_script(sites, setup.console, output), encoding="utf-8")
            if setup.vectors is not None:
                facts = f"VECTORS = {setup.vectors:#x}\nCPU = {_CPU!r}\n"
                (folder / "faults.py").write_text(facts + _in_renode("faults.py"), encoding="utf-8")
            (folder / "begin.resc").write_text(_commands(setup, folder, has_marks=sites is not None), encoding="utf-8")
            (folder / "machine.repl").write_text(_description(setup, folder), encoding="utf-8")
            (folder / "config").write_text(_CONFIGURATION, encoding="ascii")
            (folder / "image").symlink_to(setup.image.absolute())
            (folder / "tmp").mkdir()
            (folder / _KEPT).mkdir()
            if setup.kept is not None:
                undo.callback(setup.kept.keep)
            with contextlib.ExitStack() as theirs:  # kept open here, its end would hide that Renode has ended
                connection, its_end = pair(undo, theirs)
                process = EmulatorProcess(
                    [str(setup.binary), *_OPTIONS, "--config", str(folder / "config")],
                    inherited,
                    install_hint=setup.hint,
                    talk=its_end,
                    environment={"TMPDIR": str(folder / "tmp")},  # it unpacks libraries there
                )
            undo.callback(process.close)
            monitor = Monitor(connection, process.clock)
            try:
                monitor.greet(_SETUP_SECONDS)
                monitor.execute(f"include @{folder / 'begin.resc'}", _SETUP_SECONDS)
                memory = _memory(setup.shared, folder, undo)
                if setup.kept is not None:
                    setup.kept.fill(folder / _KEPT)
                console = _console(folder / "console", undo)
                monitor.execute("start", _SETUP_SECONDS)
            except MonitorClosedError as said:
                raise process.death(f"did not set up its machine: {said}") from None
            except EmulatorRefused as refused:  # the user knows the image by another name
                raise EmulatorRefused(str(refused).replace(str(folder / "image"), str(setup.image))) from None
            return cls(process, console, monitor, memory=memory, records=records, resources=undo.pop_all())

    def __init__(
        self,
        process: EmulatorProcess,
        console: DescriptorStream,
        monitor: Monitor,
        *,
        memory: SharedWindow,
        records: Records | None,
        resources: contextlib.ExitStack,
    ) -> None:
        self.process = process
        self.clock = process.clock
        self.console = console
        self.window = None if isinstance(memory, SharedRam) else memory
        self.memory = memory if isinstance(memory, SharedRam) else None
        self.records = records
        self._monitor = monitor
        self._resources = resources

    def ended(self) -> End | None:
        """Return how Renode ended, or None while it runs."""
        ended = self.process.ended()
        if ended is None:
            return None
        # Of an error in a Python peripheral, say, the message and not where in Renode it came up.
        told = [line for line in ended.end.message.splitlines() if not _TRACE.match(line)]
        return dataclasses.replace(ended.end, message="\n".join(told))

    def explain_crash(self, console: bytes, where: Callable[[int], str]) -> GuestFailure | None:
        """Return the fault that the guest told of, or Renode in its place (see ``Machine.explain_crash``)."""
        return super().explain_crash(self.last_words(console), where)

    def last_words(self, console: bytes) -> bytes:
        """Return what the guest said last, and before it what ``in_renode/faults.py`` tells of a fault."""
        ended = self.process.ended()
        return (ended.stderr.encode() + b"\n" if ended is not None else b"") + console

    def program_counter(self) -> int | None:
        """Return the core's program counter."""
        return self._register("PC")

    def stack_pointer(self) -> int | None:
        """Return the core's stack pointer."""
        return self._register("SP")

    def read_memory(self, address: int, size: int) -> bytes:
        """Return bytes of the guest's memory, b"" where Renode does not give them."""
        try:
            said = self._monitor.execute(f"sysbus ReadBytes {address:#x} {size}", _ASK_SECONDS)
        except (MonitorClosedError, EmulatorRefused):
            return b""
        found = bytes(int(byte, 16) for byte in _BYTE.findall(said))
        return found if len(found) == size else b""

    def _register(self, name: str) -> int | None:
        try:
            return int(self._monitor.execute(f"cpu {name}", _ASK_SECONDS), 16)
        except (MonitorClosedError, EmulatorRefused, ValueError):
            return None

    def execute(self, command: str, seconds: float = _ASK_SECONDS) -> str:
        """Run a command of Renode's monitor and return what it said.

        Raises EmulatorRefused where it says an error, EmulatorDied where it has ended.
        """
        try:
            return self._monitor.execute(command, seconds)
        except MonitorClosedError as said:
            raise self.process.death(f"did not do {command!r}: {said}") from None

    def include(self, script: Path, seconds: float = _SETUP_SECONDS) -> str:
        """Run a Python file in Renode and return what it printed; what it defines is there for later ones.

        Raises EmulatorRefused, which says in which line it failed, EmulatorDied.
        """
        if not script.is_file():
            raise EmulatorRefused(f"there is no script {script} for Renode. Correct its path.")
        text = f"FILE = {str(script.absolute())!r}\n" + _in_renode("include.py")
        with tempfile.NamedTemporaryFile("w", prefix="mpy-harness-", suffix=".py", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            try:
                return self.execute(f"include @{file.name}", seconds)
            except EmulatorRefused as refused:
                said = str(refused).partition(f"'include @{file.name}'\n")[2]  # what Renode said, without our detour
                raise EmulatorRefused(
                    f"Renode did not run {script}. It said:\n{said}" if said else str(refused)
                ) from None

    def close(self) -> None:
        """End Renode and free what it used."""
        self._resources.close()


def _commands(setup: RenodeSetup, folder: Path, *, has_marks: bool) -> str:
    shared = [setup.shared.variable, *([setup.kept.variable] if setup.kept is not None else [])]
    lines = [
        'mach create "board"',
        f"machine LoadPlatformDescription @{folder / 'machine.repl'}",
        f"cpu PerformanceInMips {setup.mips}",
        f'emulation SetGlobalQuantum "{_STEP_INSTRUCTIONS / setup.mips / 1e6:.9f}"',
        # The guest's time passes with its instructions, as fast as they are executed.
        "emulation SetGlobalAdvanceImmediately true",
        f'emulation CreateUartPtyTerminal "console" "{folder / "console"}" true',
        f"connector Connect {setup.console} console",
        *(f"include @{script.absolute()}" for script in setup.scripts),
        f"sysbus {_load(setup.image)} @{folder / 'image'}",
        *(f"sysbus.{variable} TouchAllSegments" for variable in shared),
        # A reset of the machine ends the emulation, as with QEMU's -no-reboot; Renode wants to clean up then.
        "macro reset",
        '"""',
        f"python \"import System; System.IO.Directory.CreateDirectory('{folder / 'tmp'}')\"",
        "quit",
        '"""',
    ]
    if setup.vectors is not None:
        lines.append(f"include @{folder / 'faults.py'}")
    if has_marks:
        lines.append(f"include @{folder / 'marks.py'}")
    return "\n".join(lines) + "\n"


def _description(setup: RenodeSetup, folder: Path) -> str:
    # The platform, with some of its memories in files.
    shared = [(setup.shared.variable, folder, setup.shared.size)]
    if setup.kept is not None:
        shared.append((setup.kept.variable, folder / _KEPT, setup.kept.size))
    return f'using "{setup.platform.absolute()}"\n' + "".join(
        f'\n{variable}:\n    sharedMemoryFileRoot: "{root}"\n    segmentSize: {size:#x}\n'
        for variable, root, size in shared
    )


def _load(image: Path) -> str:
    # The monitor's command for an image; one that cannot be read or is of neither kind is refused by Renode.
    with contextlib.suppress(OSError), image.open("rb") as file:
        if file.read(1) == b":":  # Intel HEX
            return "LoadHEX"
    return "LoadELF"


def _script(sites: MarkSites, console: str, output: int) -> str:
    facts = {
        "SITES": list(sites.sites),
        "LOADS_CODE": sites.loads_code,
        "CODE_IN": sites.code_in,
        "MARKS": {encoding: int(mark) for encoding, mark in sites.encodings.items()},
        "SENDING": sites.sending,
        "CPU": _CPU,
        "UART": console,
        "OUTPUT": f"/dev/fd/{output}",
    }
    return "".join(f"{name} = {value!r}\n" for name, value in facts.items()) + _in_renode("marks.py")


def _in_renode(name: str) -> str:
    script = resources.files("mpy_harness.machines.renode") / "in_renode" / name
    return script.read_text(encoding="utf-8")


def _memory(shared: Shared, folder: Path, undo: contextlib.ExitStack) -> SharedWindow:
    with shared_file(folder, shared.variable).open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), ALIGNMENT + shared.size)
    undo.callback(mapped.close)
    whole = undo.enter_context(memoryview(mapped))
    view = undo.enter_context(whole[ALIGNMENT:])
    return (SharedWindow if shared.is_window else SharedRam)(shared.address, view)


def _console(link: Path, undo: contextlib.ExitStack) -> DescriptorStream:
    terminal = os.open(link, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(terminal)
    console, relayed = socket.socketpair()
    undo.enter_context(console)
    # No output is lost on the way: a terminal that is full makes Renode wait.
    undo.callback(Relay(relayed, terminal, os.dup(terminal)).close)
    return DescriptorStream(console)


def _in_memory() -> str | None:
    # Shared memory is a file, which should not be on a disk.
    folder = "/dev/shm"  # noqa: S108 - a private folder is made in it
    return folder if os.access(folder, os.W_OK | os.X_OK) else None
