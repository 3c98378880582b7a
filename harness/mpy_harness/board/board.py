"""Boards: a booted target that runs code, passes values, loads modules, handles files, counts and resets."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mpy_harness import architectures, machines
from mpy_harness.architectures.instruction_set import FirmwareFloats
from mpy_harness.board.address_names import AddressNames
from mpy_harness.board.allocations import Allocations, Heap, MemoryWatch
from mpy_harness.board.console import Console
from mpy_harness.board.coverage import NativeCoverage
from mpy_harness.board.files import BoardFiles
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.life import LifeCycle
from mpy_harness.board.memcheck import MemoryChecker
from mpy_harness.board.meter import Meter
from mpy_harness.board.modules import GuestModules
from mpy_harness.board.objects import GuestObject, fetch, number_of
from mpy_harness.board.region import Region
from mpy_harness.board.requests import Requests
from mpy_harness.board.served_modules import ServedModules
from mpy_harness.board.timing import Timing, timing_of
from mpy_harness.counting.count import Count
from mpy_harness.counting.instrument import Instrument
from mpy_harness.errors import CountingUnavailable, TimingUnavailable
from mpy_harness.firmware.mpyfile import MpyAbi
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.machines import Machine
from mpy_harness.memcheck.findings import Finding
from mpy_harness.targets import Target

BOOT_SECONDS = 40.0  # a chip that boots from flash takes 3 on an idle host, and many times that on a busy one


class Board:
    """A target with its firmware running in an emulator, its REPL ready.

    ``timeout`` is the default for each call, in seconds, ``boot_seconds`` what the firmware has until its
    prompt. Without ``memory``, values travel as text on the console. ``instrument`` counts instructions; without
    one, ``why_not`` says why nothing does.
    """

    def __init__(
        self,
        target: Target,
        image: Path,
        log: Path,
        *,
        host_files: HostFiles | None = None,
        timeout: float = 10.0,
        boot_seconds: float = BOOT_SECONDS,
        memory: bool = True,
        instrument: Instrument | None = None,
        why_not: str = "the board was started without a plugin that counts",
    ) -> None:
        self.target = target
        self.image = image
        symbols = Symbols(image)
        #: What all that a board does in the guest goes through.
        self.requests = Requests(target.name, timeout, GuestObject, number_of)
        self.files = BoardFiles(self.requests)
        self.heap = Heap(self.requests, symbols)
        self._names = names = AddressNames(symbols, self.requests)
        arch = architectures.mpy_arch(target.natmod.arch)
        registers = symbols.floats or (arch.floats if arch is not None else None)
        floats = FirmwareFloats(registers, arch.precision if arch is not None else "single")
        self._modules = GuestModules(self.requests, self.files, self.heap, names, floats=floats, abi=lambda: self.abi)
        served = ServedModules(target.name, floats, lambda: self.abi, names.served)
        self.requests.explain = served.explain
        self._memory = MemoryWatch(self.requests, symbols)
        mode = instrument.mode if instrument is not None else None
        self._meter = Meter(self.requests, symbols, names, mode) if mode is not None else None
        self._checker = MemoryChecker(symbols, names)
        self.requests.check = self._checker.check
        #: Which code of native modules ran, where the board was started to write that down.
        self.coverage = NativeCoverage(self._checker.images)
        self._why_not = why_not
        self.requests.observers += [each for each in (self._meter, self._memory, served) if each is not None]
        self._life = LifeCycle(
            target, image, log, self.requests, names, served, host_files or HostFiles(),
            boot_seconds=boot_seconds, uses_memory=memory, instrument=instrument, meter=self._meter,
            checker=self._checker, coverage=self.coverage,
        )  # fmt: skip
        self._life.start()

    # --- running code -----------------------------------------------------------------------

    def exec(self, source: str, *, timeout: float | None = None, name: str = "<exec>") -> str:
        """Run source text in the guest and return what it printed; common indentation is taken off."""
        self.requests.run("exec", textwrap.dedent(source), name, timeout=timeout)
        return self.output

    def eval(self, expression: str, *, timeout: float | None = None) -> Any:
        """Return the value of an expression in the guest."""
        return self.requests.run("eval", expression, timeout=timeout)

    def call(self, function: str, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Call a guest function by its (dotted) name and return its result.

        NumPy arrays arrive as ``array.array``; arrays and memoryviews come back as NumPy arrays.
        Results that cannot be transferred come back as GuestObject.
        """
        return self.requests.run("call", function, None, list(args), kwargs or None, timeout=timeout)

    def hold(self, value: Any) -> GuestObject:
        """Put a value into the guest and return a stand-in for it."""
        held = self.requests.run("hold", value)
        assert isinstance(held, GuestObject)  # noqa: S101 - what "hold" is for
        return held

    def fetch(self, thing: GuestObject) -> Any:
        """Return the value of a guest object.

        Raises Untransferable for one of a type that has no counterpart on the host.
        """
        return fetch(self.requests, thing)

    @property
    def timeout(self) -> float:
        """Return how long a call may take by default, in seconds."""
        return self.requests.timeout

    @property
    def output(self) -> str:
        """Return what the program of the last request printed."""
        return self.requests.output

    # --- modules ----------------------------------------------------------------------------

    def import_native(self, module: str | Path | NatmodBuild) -> GuestObject:
        """Load a .mpy file, or a module that was built, and return its module.

        Raises CorruptModule and IncompatibleModule before the guest sees the file, WrongModule where
        the firmware has a module of that name built in.
        """
        return self._modules.import_native(module)

    def import_module(self, name: str, file: str) -> GuestObject:
        """Import a module from a file that the guest has, and make sure that it came from there."""
        return self._modules.import_file(name, file)

    def may_import(self, *modules: Path | NatmodBuild) -> None:
        """Take note of native modules that programs may import from host files, for the names in call trees.

        A file that is not a whole .mpy file is left out; importing it raises the guest's error.
        """
        self._modules.may_import(modules)

    @property
    def natmods(self) -> dict[str, Path | NatmodBuild]:
        """Return the native modules that were loaded, by name."""
        return self._modules.native

    @property
    def abi(self) -> MpyAbi:
        """Return which .mpy files the board takes."""
        return self._life.abi

    # --- counting ---------------------------------------------------------------------------

    @property
    def can_count(self) -> bool:
        """Tell whether instructions are counted on this board."""
        return self._meter is not None

    def count(self, name: str = "", *, listed: bool = True) -> Region[Count]:
        """Count the instructions that the guest executes in a ``with`` block.

        Only code of programs counts, and it begins with a collected heap each time: not the transport of requests,
        not the compilation of source text. The Count is complete when the block ends. It is listed in ``counts``
        unless ``listed`` is false. Raises CountingUnavailable, and TypeError for a name that is no str.
        """
        if not isinstance(name, str):
            raise TypeError(f"a region's name is a str, not {name!r}")
        if self._meter is None:
            raise CountingUnavailable(f"instructions cannot be counted: {self._why_not}")
        call = f"board.count({name!r})" if name else "board.count()"
        return Region(call, f"with {call} as count:", self._meter.region(name, listed=listed))

    @property
    def counts(self) -> list[Count]:
        """Return the regions counted so far: those of ``count``, and those that programs marked outside of these."""
        return self._meter.counts if self._meter is not None else []

    # --- memory -----------------------------------------------------------------------------

    def allocations(self, name: str = "", *, listed: bool = True) -> Region[Allocations]:
        """Measure what programs take of heap and stack in a ``with`` block.

        Neither the transport of requests nor the compilation of source text counts. The figures are complete when the
        block ends. They are listed in ``allocated`` unless ``listed`` is false. Raises MemoryUnwatched.
        """
        call = f"board.allocations({name!r})" if name else "board.allocations()"
        return Region(call, f"with {call} as taken:", self._memory.region(name, listed=listed))

    @property
    def allocated(self) -> list[Allocations]:
        """Return what was taken in the regions of ``allocations`` so far."""
        return self._memory.allocated

    @property
    def findings(self) -> list[Finding]:
        """Return what native code did wrong to memory so far, where the board checks that (``--memcheck``).

        Each was raised as MemoryMisused when its request ended. A test that leaves some here fails at its end, whether
        or not it caught that; one that wants them takes them away (``board.findings.clear()``).
        """
        return self._checker.findings

    def forget(self) -> None:
        """Forget all counts, allocations, findings and modules so far, because another test begins."""
        self.counts.clear()
        self.allocated.clear()
        self._checker.forget()
        self._modules.forget()

    # --- time -------------------------------------------------------------------------------

    def time(self, function: str | GuestObject, *args: Any, repeats: int = 20, timeout: float | None = None) -> Timing:
        """Return how long a guest function takes on a chip, by its own clock, repeated; garbage is collected before.

        ``function`` is its (dotted) name, or the function itself; ``timeout`` is for all repetitions. Raises
        TimingUnavailable on an emulator, whose clock says how fast the host is.
        """
        if not machines.kind_of(self.target).is_hardware:
            raise TimingUnavailable(
                f"time is not measured on {self.target.name}: its clock says how fast the host is. Count instructions "
                "(board.count) and estimate time from them, or run the test on a board: --target serial:PORT."
            )
        return timing_of(self.requests, function, args, repeats, timeout)

    # --- debugging --------------------------------------------------------------------------

    def be_patient(self, held: Callable[[], bool]) -> None:
        """Let no time be over while ``held`` tells that a debugger may hold the guest."""
        self._life.is_patient = self.console.is_patient = held

    def on_loading(self, listener: Callable[[Path | NatmodBuild], None]) -> None:
        """Call this with each native module that the guest may load from now on, before it does."""
        self._names.listeners.append(listener)

    def latest_finding(self) -> str:
        """Return in words what was found last of what the current request does wrong to memory, "" for nothing."""
        return self._checker.latest()

    # --- life -------------------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        """Return the machine that runs now; a hard reset brings another."""
        return self._life.machine

    @property
    def console(self) -> Console:
        """Return the console of that machine."""
        return self._life.console

    @property
    def host_files(self) -> HostFiles:
        """The files of the host that the guest may read. A change takes effect with the next reset."""
        return self._life.host_files

    @host_files.setter
    def host_files(self, files: HostFiles) -> None:
        self._life.host_files = files

    @property
    def usable(self) -> bool:
        """Tell whether the emulator runs and the REPL is in step."""
        return self.requests.usable and self.machine.ended() is None

    def expect(self, pattern: str | bytes, *, timeout: float | None = None) -> re.Match[bytes]:
        """Wait until the console shows what a regular expression matches (with pexpect).

        Raises ConsoleTimeout where it does not appear.
        """
        return self._life.expect(pattern, self.timeout if timeout is None else timeout)

    def soft_reset(self) -> None:
        """Restart MicroPython: a fresh heap, no imports, no files of an earlier program."""
        self._life.soft_reset()

    def hard_reset(self) -> None:
        """Switch the board off and on again; what it has in flash stays."""
        self._life.hard_reset()

    def close(self) -> None:
        """End the emulator. Calling it again does nothing."""
        self._life.close()
