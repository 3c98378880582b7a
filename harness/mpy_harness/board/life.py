"""The life of a board: its machine started, its firmware greeted, the guest's half loaded; resets, and the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mpy_harness import machines
from mpy_harness.board.address_names import AddressNames
from mpy_harness.board.channel import Channel
from mpy_harness.board.console import Console, ConsoleClosed, WaitedLong
from mpy_harness.board.coverage import NativeCoverage
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.memcheck import MemoryChecker
from mpy_harness.board.memory_channel import MemoryChannel, WindowChannel
from mpy_harness.board.meter import Meter
from mpy_harness.board.repl import RawRepl
from mpy_harness.board.repl_channel import ReplChannel
from mpy_harness.board.requests import Connection, Requests
from mpy_harness.board.served_modules import ServedModules
from mpy_harness.board.signs import Signs
from mpy_harness.board.whereabouts import whereabouts
from mpy_harness.counting.instrument import Instrument
from mpy_harness.errors import ConsoleTimeout, FirmwareSilent, GuestFailure, HarnessError
from mpy_harness.firmware import guest_program
from mpy_harness.firmware.mpyfile import MpyAbi, abi_of_board
from mpy_harness.targets import Target

_RAW_PROMPT_SECONDS, _ASKED_SECONDS = 15.0, 60.0
_ABI = b"import sys\nprint(getattr(sys.implementation,'_mpy',0))"
_WAKE_SECONDS = 12.0  # for a board that was on before: it may have to come to the end of what it does
_SHELLS: dict[machines.Shell, type[RawRepl]] = {"raw-repl": RawRepl}


@dataclass
class LifeCycle:
    """Starts a board's machine and firmware, again and again, and connects the board's requests with each life.

    ``log`` gets the console. ``instrument`` makes the machine count, ``meter`` reads that;
    ``checker`` reads what it found in memory, ``coverage`` which native code ran. ``boot_seconds`` is what
    the firmware has until its prompt. ``served`` looks at the modules that the guest reads from ``host_files``.
    Without ``uses_memory``, values travel as text on the console.
    """

    target: Target
    image: Path
    log: Path
    requests: Requests
    names: AddressNames
    served: ServedModules
    host_files: HostFiles
    boot_seconds: float
    uses_memory: bool = True
    instrument: Instrument | None = None
    meter: Meter | None = None
    checker: MemoryChecker | None = None
    coverage: NativeCoverage | None = None
    machine: machines.Machine = field(init=False)
    console: Console = field(init=False)
    _repl: RawRepl = field(init=False)
    _channel: Channel = field(init=False)
    is_patient: Callable[[], bool] = field(default=bool, init=False)
    _resets: bool = field(default=True, init=False)
    _abi: MpyAbi | None = field(default=None, init=False)
    _storage: machines.Storage = field(default_factory=machines.Storage, init=False)

    def start(self) -> None:
        """Start the machine and bring the guest to where it takes requests."""
        self._switch_on()
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def ask(self, source: bytes) -> bytes:
        """Start the machine, run source text in its bare MicroPython, and return what it printed. It is closed then."""
        self._switch_on()
        try:
            self._meet()
            return self._repl.execute(source, _ASKED_SECONDS)
        finally:
            self.close()

    @property
    def abi(self) -> MpyAbi:
        """Return which .mpy files the firmware takes; it is asked once."""
        if self._abi is None:
            self._abi = abi_of_board(self.requests.run("abi"))
        return self._abi

    def _ask_abi(self) -> None:
        said = self._repl.execute(_ABI, _ASKED_SECONDS).strip()
        if re.fullmatch(rb"\d{1,9}", said):  # where something else prints as well, a request asks, whose answer is safe
            self._abi = abi_of_board(int(said))

    def _switch_on(self) -> None:
        self.machine = machines.kind_of(self.target).start(self.image, self.instrument, self._storage)
        if self.meter is not None and self.machine.records is not None:
            self.meter.connect(self.machine.records)
        if self.checker is not None:
            self.checker.connect(self.machine.findings)
        if self.coverage is not None:
            self.coverage.connect(self.machine.coverage)

    def _begin(self) -> None:
        self._meet()
        self._channel = self._make_channel()
        self._load()

    def _meet(self) -> None:
        """Bring a guest that has just been switched on, or reset, to its raw REPL."""
        self._connect()
        self._greet()
        if self.instrument is not None and self._abi is None:
            # As a request of one life, it would leave that life's heap another than those of all others.
            self._ask_abi()
        if self.instrument is not None or not self.machine.greets:
            # The friendly REPL of the first life has used the heap: later lives begin with the raw one. What a guest
            # that was on before has done is not known.
            self._repl.soft_reset(self.boot_seconds)

    def _connect(self) -> None:
        self.console = Console(self.machine.console, self.log, self.machine.clock)
        self.console.is_patient = self.is_patient
        shell = _SHELLS[self.machine.shell]
        self._repl = shell(
            self.console,
            lost=self._explain,
            where=self._whereabouts,
            answer=self._answer,
            crashed=None if self.machine.greets else self._crashed,
        )

    def soft_reset(self) -> None:
        """Restart MicroPython."""
        self.requests.guard(lambda: self._repl.soft_reset(self.boot_seconds))
        self._load()

    def hard_reset(self) -> None:
        """Reset the machine, or switch it off and on where that brings no prompt; what it has in flash stays."""
        if not self._has_reset():
            self.machine.switch_off()
            self.close()
            self.start()

    def _has_reset(self) -> bool:
        if not (self._resets and self.requests.usable and self.machine.reset()):
            return False
        self.requests.stop()
        self.console.close()
        try:
            self._begin()
        except HarnessError:
            self._resets = False  # it is not going to be another time
        return self._resets

    def close(self) -> None:
        """End the machine. Calling it again does nothing."""
        self.requests.stop()
        if self.coverage is not None:
            self.coverage.disconnect()
        self.machine.close()
        self.console.close()

    def expect(self, pattern: str | bytes, seconds: float) -> re.Match[bytes]:
        """Wait until the console shows what a regular expression matches. Raises ConsoleTimeout."""
        wanted = pattern.encode() if isinstance(pattern, str) else pattern
        try:
            return self.console.search(wanted, self.console.clock.now() + seconds)
        except WaitedLong:
            self.requests.stop()
            raise ConsoleTimeout(f"the console did not show {pattern!r} within {seconds:g} s") from None
        except ConsoleClosed:
            self.requests.stop()
            raise self._explain(self.console.before or b"") from None

    def _greet(self) -> None:
        # A prompt first: bytes sent before the firmware has set up its UART would be lost.
        try:
            if self.machine.greets:
                self.console.read_until([b">>> "], self.console.clock.now() + self.boot_seconds)
                self._repl.enter(_RAW_PROMPT_SECONDS)
            else:
                self._wake()
        except WaitedLong:
            why = self.machine.explain_silence(self.console.unread())
            seconds = self.boot_seconds if self.machine.greets else _WAKE_SECONDS
            parts = (f"within {seconds:g} s.", why, self._console_excerpt())
            raise self._no_prompt(" ".join(part for part in parts if part)) from None
        except ConsoleClosed:
            gone = self._explain(self.console.before or b"")
            if isinstance(gone, GuestFailure):
                raise self._no_prompt(f"but {gone}. {self._console_excerpt()}") from None
            raise gone from None

    def _wake(self) -> None:
        try:
            self._repl.wake(_WAKE_SECONDS)
        except (WaitedLong, ConsoleClosed):
            if not self.machine.reset():
                raise
            self.console.close()
            self._connect()
            self._repl.wake(_WAKE_SECONDS)

    def _no_prompt(self, but: str) -> FirmwareSilent:
        name = self.target.name
        if self.target.is_installed:
            return FirmwareSilent(f"the board {name} showed no MicroPython prompt {but}")
        again = "builds" if self.target.is_built else "fetches"
        return FirmwareSilent(
            f"{self.image} showed no MicroPython prompt {but}\n"
            f"Is the image for target {name}? `mpy-harness setup {name} --force` {again} its own one again. "
            "A busy computer needs longer: --board-timeout SECONDS, or --timeout of a command."
        )

    def _console_excerpt(self) -> str:
        lines = self.console.tail(5)
        return f"Its console said:\n{lines}" if lines else "Its console said nothing."

    def _make_channel(self) -> Channel:
        if self.machine.window is not None and self.uses_memory:
            return WindowChannel(self.machine.window, self._repl.execute)
        if self.machine.memory is not None and self.uses_memory:
            return MemoryChannel(self.machine.memory, self._repl.execute)
        return ReplChannel(self.console, self._repl.execute)

    def _load(self) -> None:
        """Load the guest's half into MicroPython, which has just started: a life begins."""
        self.requests.begin_life(
            Connection(
                self.machine,
                self._channel,
                interrupt=self._repl.interrupt,
                explain=lambda: self._explain(self.console.unread()),
            )
        )
        signs = Signs()
        self._repl.signs = signs
        self.requests.guard(lambda: self._channel.inject(self._program, self.host_files.imports, signs))
        if self.meter is not None:
            self.meter.calibrate()

    @cached_property
    def _program(self) -> bytes | None:
        # What is sent after each reset; None where the firmware has it. No life changes that.
        kind = machines.kind_of(self.target)
        described = self.target.firmware_of or self.target
        if not (kind.settle or kind.is_hardware) and guest_program.is_frozen_in(self.image, described):
            return None
        decoder = self.instrument.decoder if self.instrument is not None else None
        arch = self.target.natmod.arch
        return guest_program.compiled(self.target.tools, decoder, arch, kind.settle, keeps_files=kind.is_hardware)

    def _explain(self, console: bytes) -> HarnessError:
        """Return the error for a guest that is gone; ``console`` is what it printed last."""
        return machines.explain_end(self.machine, console, self.target.name, self._describing(console))

    def _crashed(self, console: bytes) -> HarnessError | None:
        return self.machine.explain_crash(console, self._describing(console))

    def _describing(self, console: bytes) -> Callable[[int], str]:
        # When it is asked: a machine that has not ended yet may have something to tell.
        return lambda address: self.names.describe(address, code=machines.code_shown(self.machine.last_words(console)))

    def _whereabouts(self) -> str:
        with self.console.drained():
            return whereabouts(self.machine, self.names, self.target.natmod.arch)

    def _answer(self) -> None:
        self._channel.serve(lambda question, most: self.served.answer(self.host_files, question, most))
