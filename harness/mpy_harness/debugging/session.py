"""A debugger on a board: what it is told, how it is started, and how long it has the guest."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import FrameType

from mpy_harness.board.board import Board
from mpy_harness.counting.locate import images_of
from mpy_harness.debugging import sources
from mpy_harness.debugging.firmware_symbols import image_for_gdb
from mpy_harness.errors import DebuggerFailed
from mpy_harness.firmware import natmod_debug
from mpy_harness.firmware.natmods import NatmodBuild

_POLL_SECONDS = 0.05
_END_SECONDS = 10.0
_LONGEST = 107  # bytes of a socket's path (Linux, unix(7))
SOCKET, BEGIN, FIRMWARE = "gdb.sock", "begin.gdb", "firmware.elf"


class DebugFolder:
    """A folder with what a debugger needs: a socket, the commands that it begins with, the modules that it may see."""

    def __init__(self, folder: Path, image: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.socket = folder / SOCKET
        if len(os.fsencode(self.socket)) > _LONGEST:
            raise DebuggerFailed(f"{self.socket} is too long for a socket. Debug in a folder with a shorter path.")
        self.socket.unlink(missing_ok=True)
        #: The firmware, as GDB is to see it.
        self.image = image_for_gdb(image, folder / FIRMWARE)
        #: GDB reads them with its command ``source``.
        self.begin = folder / BEGIN
        self._modules = folder / "modules.jsonl"
        self._modules.write_text("", encoding="utf-8")
        script = resources.files("mpy_harness.debugging") / "in_gdb" / "modules.py"
        begin = (
            "set pagination off", "set confirm off", "set breakpoint pending on",
            f"target remote {self.socket}",
            f"python mpy_harness_modules = {str(self._modules)!r}",
            f"source {script}",
        )  # fmt: skip
        self.begin.write_text("".join(f"{line}\n" for line in begin), encoding="utf-8")

    def add(self, module: NatmodBuild | Path) -> None:
        """Take note of a module that the guest may load."""
        debug = natmod_debug.of_build(module.path) if isinstance(module, NatmodBuild) else None
        moved = sources.moved(module, debug) if isinstance(module, NatmodBuild) and debug is not None else []
        for image in images_of(module):
            facts = {
                "name": image.name,
                "text": image.text.hex(),
                "patched": [[part.start, part.stop] for part in image.patched],
                "debug": str(debug.path) if debug is not None else None,
                "spaces": debug.spaces if debug is not None else (),
                "sources": moved,
            }
            with self._modules.open("a", encoding="utf-8") as file:
                file.write(json.dumps(facts) + "\n")


@dataclass(frozen=True)
class Gdb:
    """GDB as it is to be started: its program, and breakpoints that are set before the guest goes on.

    It runs the file ``commands``, where one is given, and leaves the guest to itself after that; without, it reads from
    the terminal when the guest stops.
    """

    program: Path
    breakpoints: Sequence[str] = ()
    commands: Path | None = None

    def command(self, files: DebugFolder) -> list[str]:
        """Return its command line."""
        words = [str(files.image), "-x", str(files.begin)]
        words += [word for place in self.breakpoints for word in ("-ex", f"break {place}")]
        if self.commands is None:
            return [str(self.program), "-q", *words, "-ex", "continue"]
        return [str(self.program), "-q", "-batch", *words, "-x", str(self.commands), "-ex", "detach"]


class Debugger:
    """GDB on a board, in this terminal; or one that somebody starts elsewhere, where ``gdb`` is None.

    ``talk`` and ``output`` are descriptors for its standard input and outputs, if it gets others than ours.
    """

    def __init__(
        self, board: Board, folder: Path, gdb: Gdb | None, talk: int | None = None, output: int | None = None
    ) -> None:
        self.files = DebugFolder(folder, board.image)
        self._board = board
        self._gdb = gdb
        self._talk, self._output = talk, output
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_on(self) -> bool:
        """Tell whether a debugger may hold the guest."""
        there = self._gdb is None or (self._process is not None and self._process.poll() is None)
        return there and self._board.machine.ended() is None

    def attach(self) -> Callable[[], None]:
        """Start GDB, or wait for one, until it has let the guest go on. Return what ends it after the board's end.

        Raises EmulatorRefused for a machine that takes none, DebuggerFailed where GDB ends before.
        """
        has_gone_on = self._board.machine.serve_gdb(self.files.socket, self._found)
        self._board.on_loading(self.files.add)
        if self._gdb is not None:
            sys.stdout.flush()
            self._process = subprocess.Popen(
                self._gdb.command(self.files), stdin=self._talk, stdout=self._output, stderr=self._output
            )
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        self._board.be_patient(lambda: self.is_on)
        while not has_gone_on():
            if not self.is_on:
                raise DebuggerFailed("GDB ended before it let the guest go on. What it said is above.")
            time.sleep(_POLL_SECONDS)
        return self.end

    def end(self) -> None:
        """Wait for GDB, which notices by itself that the board has ended; kill it where it does not."""
        if self._process is not None:
            signal.signal(signal.SIGINT, self._before)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
                return
            self._process.kill()
            self._process.wait()

    def _found(self) -> bool:
        if not self.is_on:
            return False
        told = f"mpy-harness: {self._board.latest_finding()}\n"
        os.write(self._output if self._output is not None else sys.stderr.fileno(), told.encode())
        return True

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        # The terminal's Ctrl-C is GDB's, as long as that is there: it stops the guest.
        if not self.is_on:
            signal.default_int_handler(number, frame)
