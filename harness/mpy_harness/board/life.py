"""The life of a board: its machine started, its firmware greeted, the guest's half loaded; resets, and the end."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mpy_harness import machines
from mpy_harness.board import guest_code
from mpy_harness.board.address_names import AddressNames
from mpy_harness.board.channel import Channel
from mpy_harness.board.console import Console, ConsoleClosed, WaitedLong
from mpy_harness.board.hostfiles import HostFiles
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
from mpy_harness.targets import Target

_RAW_PROMPT_SECONDS = 15.0
_SHELLS: dict[machines.Shell, type[RawRepl]] = {"raw-repl": RawRepl}


@dataclass
class LifeCycle:
    """Starts a board's machine and firmware, again and again, and connects the board's requests with each life.

    ``log`` gets the console. ``instrument`` makes the machine count, ``meter`` reads that. ``boot_seconds`` is what
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
    emulator: machines.Machine = field(init=False)
    console: Console = field(init=False)
    _repl: RawRepl = field(init=False)
    _channel: Channel = field(init=False)
    _storage: machines.Storage = field(default_factory=machines.Storage, init=False)

    def start(self) -> None:
        """Start the machine and bring the guest to where it takes requests."""
        self.emulator = machines.kind_of(self.target).start(self.image, self.instrument, self._storage)
        if self.meter is not None and self.emulator.records is not None:
            self.meter.connect(self.emulator.records)
        self.console = Console(self.emulator.console, self.log)
        shell = _SHELLS[self.emulator.shell]
        self._repl = shell(self.console, lost=self._explain, where=self._whereabouts, answer=self._answer)
        try:
            self._greet()
            if self.instrument is not None:
                # The friendly REPL of the first life has used the heap: later lives begin with the raw one.
                self._repl.soft_reset(self.boot_seconds)
            self._channel = self._make_channel()
            self._load()
        except BaseException:
            self.close()
            raise

    def soft_reset(self) -> None:
        """Restart MicroPython."""
        self.requests.guard(lambda: self._repl.soft_reset(self.boot_seconds))
        self._load()

    def hard_reset(self) -> None:
        """Switch the machine off and on again; what it has in flash stays."""
        self.close()
        self.start()

    def close(self) -> None:
        """End the machine. Calling it again does nothing."""
        self.requests.stop()
        self.emulator.close()
        self.console.close()

    def expect(self, pattern: str | bytes, seconds: float) -> re.Match[bytes]:
        """Wait until the console shows what a regular expression matches. Raises ConsoleTimeout."""
        wanted = pattern.encode() if isinstance(pattern, str) else pattern
        try:
            return self.console.search(wanted, time.monotonic() + seconds)
        except WaitedLong:
            self.requests.stop()
            raise ConsoleTimeout(f"the console did not show {pattern!r} within {seconds:g} s") from None
        except ConsoleClosed:
            self.requests.stop()
            raise self._explain(self.console.before or b"") from None

    def _greet(self) -> None:
        # A prompt first: bytes sent before the firmware has set up its UART would be lost.
        try:
            self.console.read_until([b">>> "], time.monotonic() + self.boot_seconds)
            self._repl.enter(_RAW_PROMPT_SECONDS)
        except WaitedLong:
            why = self.emulator.explain_silence(self.console.unread())
            parts = (f"within {self.boot_seconds:g} s.", why, self._console_excerpt())
            raise self._no_prompt(" ".join(part for part in parts if part)) from None
        except ConsoleClosed:
            gone = self._explain(self.console.before or b"")
            if isinstance(gone, GuestFailure):
                raise self._no_prompt(f"but {gone}. {self._console_excerpt()}") from None
            raise gone from None

    def _no_prompt(self, but: str) -> FirmwareSilent:
        name = self.target.name
        return FirmwareSilent(
            f"{self.image} showed no MicroPython prompt {but}\n"
            f"Is the image built for target {name}? `mpy-harness setup {name} --force` builds it again."
        )

    def _console_excerpt(self) -> str:
        lines = self.console.tail(5)
        return f"Its console said:\n{lines}" if lines else "Its console said nothing."

    def _make_channel(self) -> Channel:
        if self.emulator.window is not None and self.uses_memory:
            return WindowChannel(self.emulator.window, self._repl.execute)
        if self.emulator.memory is not None and self.uses_memory:
            return MemoryChannel(self.emulator.memory, self._repl.execute)
        return ReplChannel(self.console, self._repl.execute)

    def _load(self) -> None:
        """Load the guest's half into MicroPython, which has just started: a life begins."""
        self.requests.begin_life(
            Connection(
                self.emulator,
                self._channel,
                interrupt=self._repl.interrupt,
                explain=lambda: self._explain(self.console.unread()),
            )
        )
        decoder = self.instrument.decoder if self.instrument is not None else None
        settle = machines.kind_of(self.target).settle
        code = guest_code.compiled(self.target.tools, decoder, self.target.natmod.arch, settle)
        signs = Signs()
        self._repl.signs = signs
        self.requests.guard(lambda: self._channel.inject(code, self.host_files.imports, signs))
        if self.meter is not None:
            self.meter.calibrate()

    def _explain(self, console: bytes) -> HarnessError:
        """Return the error for a guest that is gone; ``console`` is what it printed last."""
        where = partial(self.names.describe, code=machines.code_shown(console))
        return machines.explain_end(self.emulator, console, self.target.name, where)

    def _whereabouts(self) -> str:
        with self.console.drained():
            return whereabouts(self.emulator, self.names, self.target.natmod.arch)

    def _answer(self) -> None:
        self._channel.serve(lambda question: self.served.answer(self.host_files, question))
