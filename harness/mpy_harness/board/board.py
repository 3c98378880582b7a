"""A booted target: run code, pass values, load modules, handle files, reset."""

from __future__ import annotations

import re
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pexpect import EOF, TIMEOUT

from mpy_harness import machines
from mpy_harness.board import codec, guest_code
from mpy_harness.board.allocations import WATCH, Allocations, Heap, MemoryWatch
from mpy_harness.board.channel import Channel
from mpy_harness.board.console import Console, ConsoleClosed, WaitedLong
from mpy_harness.board.crashes.esp_idf import boots
from mpy_harness.board.crashes.explain import explain_end
from mpy_harness.board.files import BoardFiles
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.memory_channel import MemoryChannel, WindowChannel
from mpy_harness.board.meter import Meter
from mpy_harness.board.naming import Naming
from mpy_harness.board.objects import GuestObject
from mpy_harness.board.repl import RawRepl
from mpy_harness.board.repl_channel import ReplChannel
from mpy_harness.counting.count import Count
from mpy_harness.counting.plugin import Instrument
from mpy_harness.errors import (
    ConsoleGarbled,
    ConsoleTimeout,
    CorruptModule,
    CountingUnavailable,
    FirmwareSilent,
    FloatAbiWarning,
    GuestException,
    GuestFailure,
    GuestMemoryGone,
    HarnessError,
    MachineryError,
    PythonLoop,
    Untransferable,
    WrongModule,
)
from mpy_harness.firmware import mpyfile
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.targets import Target

BOOT_SECONDS = 40.0  # an ESP32 takes 3 on an idle machine, and many times that on a busy one
_COLLECTS = "board_collects"  # targets/*/board/board.h
_MEMORY = "board_memory"
_PROGRAMS = ("exec", "eval", "call", "script")  # requests that run code of the user
_MODULE_FOLDER = "/natmods"
_KEEPS_BOARD = (GuestException, PythonLoop, Untransferable)


class Board:
    """A target with its firmware running in an emulator, its REPL ready.

    ``timeout`` is the default for each call, in seconds, ``boot_seconds`` what the firmware has until its
    prompt. ``where`` turns an address of the guest into words (a function's name), for the messages about
    code that does not end. Without ``memory``, values travel as text on the console. ``counting`` is what
    counts instructions, or says why nothing does.
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
        where: Callable[[int], str] | None = None,
        memory: bool = True,
        counting: Instrument | str = "the board was started without a plugin that counts",
    ) -> None:
        self.target = target
        self.image = image
        self.timeout = timeout
        self.boot_seconds = boot_seconds
        self.files = BoardFiles(self)
        self.heap = Heap(self)
        self.host_files = host_files or HostFiles()
        self.life = 0
        self.output = ""
        self._log = log
        self._where = where or hex
        self._uses_memory = memory
        self._counting = counting
        self._storage = machines.Storage()
        self._meter: Meter | None = None
        self._naming = Naming(target.name, Symbols(image), lambda *objects: self.request("names", *objects))
        self._memory = MemoryWatch(target.name, Symbols(image).address(_MEMORY), self.request)
        self._released: list[int] = []
        self._abi: mpyfile.MpyAbi | None = None
        self._usable = False
        self.allocated: list[Allocations] = []
        self.natmods: dict[str, Path | NatmodBuild] = {}  # what was loaded, by name
        self._start()

    # --- running code -----------------------------------------------------------------------

    def exec(self, source: str, *, timeout: float | None = None, name: str = "<exec>") -> str:
        """Run source text in the guest and return what it printed; common indentation is taken off."""
        self.request("exec", textwrap.dedent(source), name, timeout=timeout)
        return self.output

    def eval(self, expression: str, *, timeout: float | None = None) -> Any:
        """Return the value of an expression in the guest."""
        return self.request("eval", expression, timeout=timeout)

    def call(self, function: str, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Call a guest function by its (dotted) name and return its result.

        NumPy arrays arrive as ``array.array``; arrays and memoryviews come back as NumPy arrays.
        Results that cannot be transferred come back as GuestObject.
        """
        return self.request("call", function, "", list(args), kwargs, timeout=timeout)

    def hold(self, value: Any) -> GuestObject:
        """Put a value into the guest and return a stand-in for it."""
        held = self.request("hold", value)
        assert isinstance(held, GuestObject)  # noqa: S101 - what "hold" is for
        return held

    def fetch(self, thing: GuestObject) -> Any:
        """Return the value of a guest object.

        Raises Untransferable for one of a type that has no counterpart on the host.
        """
        value = self.request("get", thing)
        if isinstance(value, GuestObject):
            raise Untransferable(f"{self.call('repr', value)} of the guest has no counterpart on the host")
        return value

    def import_native(self, module: str | Path | NatmodBuild) -> GuestObject:
        """Load a .mpy file, or a module that was built, and return its module.

        Raises CorruptModule and IncompatibleModule before the guest sees the file, WrongModule where
        the firmware has a module of that name built in.
        """
        file = mpyfile.inspect(module.path if isinstance(module, NatmodBuild) else Path(module))
        mpyfile.check(file, self.abi, self.target.name)
        if mpyfile.float_abi_differs(file, self.abi):
            warnings.warn(
                f"{file.path.name} is built for {file.abi.arch}, the firmware for {self.abi.arch}: it loads, but C "
                f"floats that pass between them arrive as garbage. Build it with ARCH={self.abi.arch} to be sure.",
                FloatAbiWarning,
                stacklevel=2,
            )
        self.natmods[file.path.stem] = module if isinstance(module, NatmodBuild) else file.path
        self._naming.loaded(self.natmods[file.path.stem])
        self.files.put(file.path, f"{_MODULE_FOLDER}/{file.path.name}")
        return self.import_module(file.path.stem, f"{_MODULE_FOLDER}/{file.path.name}")

    def may_import(self, *modules: Path | NatmodBuild) -> None:
        """Take note of native modules that programs may import from host files, for the names in call trees.

        What is no whole .mpy file is left to the guest.
        """
        for module in modules:
            with suppress(CorruptModule):
                self._naming.loaded(module)

    def import_module(self, name: str, file: str) -> GuestObject:
        """Import a module from a file that the guest has, and make sure that it came from there."""
        module, origin, heap = self.request("import", name, file.rpartition("/")[0] or "/")
        if origin is None or origin.lstrip("/") != file.lstrip("/"):
            raise WrongModule(
                f"importing {name!r} gave {origin or 'a module built into the firmware'}, not {file}. "
                "Rename the file, or use a firmware without that module."
            )
        assert isinstance(module, GuestObject)  # noqa: S101 - modules are not transferable
        self.heap.imports[name] = heap
        return module

    @property
    def abi(self) -> mpyfile.MpyAbi:
        """Return which .mpy files the board takes."""
        if self._abi is None:
            self._abi = mpyfile.abi_of_board(self.eval("__import__('sys').implementation._mpy"))
        return self._abi

    # --- counting ---------------------------------------------------------------------------

    @property
    def can_count(self) -> bool:
        """Tell whether instructions are counted on this board."""
        return self._meter is not None

    @contextmanager
    def count(self, name: str = "", *, listed: bool = True) -> Iterator[Count]:
        """Count the instructions of what the guest is asked to run meanwhile.

        Counted is the program's code alone, each time from a collected heap: not how requests travel and
        source is compiled. The Count is complete when the block ends; unless ``listed`` is false it is found in
        ``counts`` as well. Raises CountingUnavailable, TypeError for a name that is none.
        """
        if not isinstance(name, str):
            raise TypeError(f"a region's name is a str, not {name!r}")
        if self._meter is None:
            raise CountingUnavailable(f"instructions cannot be counted: {self._counting}")
        with self._meter.region(name, listed=listed) as count:
            yield count

    @property
    def counts(self) -> list[Count]:
        """Return the regions counted so far: those of ``count``, and those that programs marked outside of one."""
        return self._meter.counts if self._meter is not None else []

    # --- memory -----------------------------------------------------------------------------

    @contextmanager
    def allocations(self, name: str = "", *, listed: bool = True) -> Iterator[Allocations]:
        """Tell what the guest takes of heap and stack for what it is asked to run meanwhile.

        Counted is the program's own: not how requests travel and source is compiled. The figures are complete when
        the block ends; unless ``listed`` is false they are found in ``allocated`` as well. Raises MemoryUnwatched.
        """
        with self._memory.region(name, self.life) as allocations:
            if listed:
                self.allocated.append(allocations)
            yield allocations

    def forget(self) -> None:
        """Forget what was counted, allocated and loaded so far: another test begins."""
        self.counts.clear()
        self.allocated.clear()
        self.natmods.clear()

    # --- console ----------------------------------------------------------------------------

    def expect(self, pattern: str | bytes, *, timeout: float | None = None) -> re.Match[bytes]:
        """Wait until the console shows what a regular expression matches (with pexpect).

        Raises ConsoleTimeout where it does not appear.
        """
        seconds = self.timeout if timeout is None else timeout
        wanted = pattern.encode() if isinstance(pattern, str) else pattern
        try:
            self.console.expect(wanted, timeout=seconds)
        except TIMEOUT:
            self._usable = False
            raise ConsoleTimeout(f"the console did not show {pattern!r} within {seconds:g} s") from None
        except EOF:
            raise self._lost(self.console.before or b"") from None
        match = self.console.match
        assert isinstance(match, re.Match)  # noqa: S101 - pexpect's type says less
        return match

    # --- life -------------------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Tell whether the emulator runs and the REPL is in step."""
        return self._usable and self.emulator.ended() is None

    def soft_reset(self) -> None:
        """Restart MicroPython: a fresh heap, no imports, no files of an earlier program."""
        self._guard(lambda: self._repl.soft_reset(self.boot_seconds))
        self._inject()

    def hard_reset(self) -> None:
        """Switch the board off and on again; what it has in flash stays."""
        self.close()
        self._start()

    def close(self) -> None:
        """End the emulator. Calling it again does nothing."""
        self._usable = False
        self.emulator.close()
        self.console.close()

    def request(self, what: str, *arguments: Any, timeout: float | None = None) -> Any:
        """Run one of the guest runtime's requests and return its value."""
        if not self._usable:
            raise MachineryError("this board is no longer usable after an earlier error; hard_reset() starts it again")
        seconds = self.timeout if timeout is None else timeout
        how = self._meter.request_mode if self._meter is not None else 0
        watching = self._memory.begin(self.life, is_program=what in _PROGRAMS)
        how += WATCH * watching
        released = list(self._released)  # to which the collector of garbage here may add at any time
        message = codec.encode([released, what, list(arguments), how], self._number)
        if released and self._channel.needs_room(message):
            self.request("get", None)  # what the guest forgets makes room for what is to come
            released = []
            message = codec.encode([released, what, list(arguments), how], self._number)
        del self._released[: len(released)]
        try:
            output, result = self._guard(lambda: self._channel.request(message, seconds))
        except Untransferable:  # the guest got nothing of it
            self._released += released
            raise
        finally:
            if self._meter is not None and self._usable:
                self._meter.collect()
            if watching and self._usable:
                self._memory.collect(self.life)
        self.output = output.decode("utf-8", "replace").replace("\r\n", "\n")
        self._guard(self._check_output)
        return self._guard(lambda: codec.decode(result, lambda number: GuestObject(self, number)))

    def release(self, life: int, number: int) -> None:
        """Let the guest forget an object with the next request."""
        if life == self.life:
            self._released.append(number)

    def _number(self, thing: codec.Reference) -> int:
        if not isinstance(thing, GuestObject) or not thing.lives_on(self):
            raise Untransferable(f"{thing!r} is an object of another board")
        if thing.life != self.life:
            raise Untransferable(f"{thing!r} is gone: the board was reset since")
        return thing.number

    # --- inner ------------------------------------------------------------------------------

    def _start(self) -> None:
        instrument = self._counting if isinstance(self._counting, Instrument) else None
        self.emulator = machines.start(self.target, self.image, instrument, self._storage)
        if self.emulator.records is not None and self._meter is None:
            has_names = instrument is not None and instrument.mode == "functions"
            self._meter = Meter(self.emulator.records, self._calibrate, self._naming.trees, has_names=has_names)
        elif self.emulator.records is not None and self._meter is not None:
            self._meter.records = self.emulator.records
        self.console = Console(self.emulator.console, self._log)
        self._repl = RawRepl(self.console, lost=self._lost, where=self._whereabouts, answer=self._answer)
        try:
            self._greet()
            if instrument is not None:
                # The friendly REPL of the first life has used the heap: later lives begin with the raw one.
                self._repl.soft_reset(self.boot_seconds)
            self._channel = self._make_channel()
            self._inject()
        except BaseException:
            self.close()
            raise

    def _greet(self) -> None:
        # A prompt first: bytes sent before the firmware has set up its UART would be lost.
        try:
            self.console.read_until([b">>> "], time.monotonic() + self.boot_seconds)
            self._repl.enter(15)
        except WaitedLong:
            again = "It resets over and over. " if boots(self.console.unread()) > 1 else ""
            raise self._no_prompt(f"within {self.boot_seconds:g} s. {again}{self._console_excerpt()}") from None
        except ConsoleClosed:
            lost = self._lost(self.console.before or b"")
            if isinstance(lost, GuestFailure):
                raise self._no_prompt(f"but {lost}. {self._console_excerpt()}") from None
            raise lost from None

    def _console_excerpt(self) -> str:
        said = self.console.tail(5)
        return f"Its console said:\n{said}" if said else "Its console said nothing."

    def _no_prompt(self, but: str) -> FirmwareSilent:
        name = self.target.name
        return FirmwareSilent(
            f"{self.image} showed no MicroPython prompt {but}\n"
            f"Is the image built for target {name}? `mpy-harness setup {name} --force` builds it again."
        )

    def _make_channel(self) -> Channel:
        if self.emulator.window is not None and self._uses_memory:
            return WindowChannel(self.emulator.window, self._repl.execute)
        if self.emulator.memory is not None and self._uses_memory:
            return MemoryChannel(self.emulator.memory, self._repl.execute)
        return ReplChannel(self.console, self._repl.execute)

    def _inject(self) -> None:
        self.life += 1
        self._released = []
        self._usable = True
        decoder = self._counting.decoder if isinstance(self._counting, Instrument) else None
        code = guest_code.compiled(self.target.tools, decoder, self.target.natmod.arch)
        self._guard(lambda: self._channel.inject(code, self.host_files.imports))
        if self._meter is not None:
            self._meter.calibrate()

    def _calibrate(self) -> None:
        self.request("calibrate", Symbols(self.image).address(_COLLECTS) or 0)

    def _guard(self, action: Callable[[], Any]) -> Any:
        # Whatever leaves the REPL out of step, or the guest in doubt, makes the board unusable.
        try:
            return action()
        except WaitedLong:
            self._usable = False
            raise FirmwareSilent("the guest's REPL does not answer any more") from None
        except GuestMemoryGone:
            raise self._lost(self.console.unread()) from None
        except HarnessError as error:
            self._usable = self._usable and isinstance(error, _KEEPS_BOARD)
            raise error from None  # what led to it on our side says nothing to the reader
        except KeyboardInterrupt:
            self._usable = self._usable and self._repl.interrupt()  # what was counted until then can be had
            raise
        except BaseException:
            self._usable = False
            raise
        finally:
            if not self._usable and self._meter is not None:
                self._meter.lose()

    def _check_output(self) -> None:
        if self.emulator.may_have_lost_output():
            raise ConsoleGarbled(
                "the guest printed faster than the host could take it, and the emulator may have dropped output: "
                "print less, or run fewer boards at once (pytest -n)"
            )

    def _lost(self, console: bytes) -> HarnessError:
        self._usable = False
        return explain_end(self.emulator, console, self.target.name, self._where)

    def _whereabouts(self) -> str:
        address = self.emulator.program_counter()
        return f"It was executing at {address:#010x}, in {self._where(address)}." if address is not None else ""

    def _answer(self) -> bool:
        return self._channel.serve(self.host_files.answer)
