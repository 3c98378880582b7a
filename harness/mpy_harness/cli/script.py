"""Run one MicroPython script on a target, its output as it comes, and count what it takes."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mpy_harness.board.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.board.scripts import DeviceScript
from mpy_harness.counting.count import Count
from mpy_harness.counting.guest_time import GuestTime
from mpy_harness.counting.instrument import Check, Mode
from mpy_harness.errors import EmulatorDied, HarnessError, MachineryError
from mpy_harness.firmware.natmods import MakeWords
from mpy_harness.firmware.progress import shown
from mpy_harness.reports.region_lines import region_lines
from mpy_harness.resources import scratch
from mpy_harness.targets import Target


@dataclass(frozen=True)
class ScriptJob:
    """A script, what it gets in ``sys.argv``, and where it runs."""

    script: Path
    target: Target
    arguments: Sequence[str] = ()
    device_path: tuple[Path, ...] = ()
    micropython: Path | None = None
    timeout: float = 60.0
    natmods: tuple[Path, ...] = ()
    firmware: Path | None = None
    words: MakeWords = field(default_factory=MakeWords)
    check: Check = ""
    guest_time: GuestTime | None = None

    def run(self) -> int:
        """Run the script; return what it gave to ``sys.exit``, 0 without that.

        The guest's uncaught exceptions arrive as GuestException, after the script's output. Regions that the
        script marked are listed on standard error.
        """
        with self._booted("count") as (script, board):
            try:
                return _status(script.run(board, None, self.arguments, timeout=self.timeout))
            finally:
                sys.stdout.flush()
                for line in region_lines(board.counts):
                    print(line, file=sys.stderr)

    def count(self, mode: Mode, *, silent: bool = False) -> tuple[Count, HarnessError | int]:
        """Run the script as a region; return what it took, and its status or the error that it ended with.

        Ctrl-C ends the script, status 130. Raises CountingUnavailable.
        """
        with self._booted(mode, silent=silent) as (script, board), board.count(self.script.name) as count:
            try:
                return count, _status(script.run(board, None, self.arguments, timeout=self.timeout))
            except HarnessError as error:
                if not count.instructions:
                    raise  # it did not get as far as that there is anything to show
                return count, error
            except KeyboardInterrupt:
                if not count.instructions:
                    raise
                print("\ninterrupted; this is what it took until then", file=sys.stderr)
                return count, 128 + signal.SIGINT

    def profile_folder(self) -> Path:
        """Return where the script's profile goes unless the user says otherwise, below .mpy-harness."""
        here, script = Path.cwd(), self.script.resolve()
        try:
            folder = scratch(Path()) / "profile"
        except OSError as error:
            raise MachineryError(f"{here} cannot take the profile: {error.strerror}. Say where: --output.") from error
        place = script.relative_to(here) if script.is_relative_to(here) else Path(script.name)
        return folder / place.with_suffix("")

    def debug(self, attach: Callable[[Board], Callable[[], None]]) -> int:
        """Run the script with a debugger attached to its board; return what it gave to ``sys.exit``.

        A debugger that is told to quit ends the guest: then the status is 0.
        """
        with self._booted(None, attach=attach) as (script, board):
            try:
                return _status(script.run(board, None, self.arguments, timeout=self.timeout))
            except EmulatorDied:
                print("\nmpy-harness: the debugger has ended the guest.", file=sys.stderr)
                return 0

    @contextlib.contextmanager
    def _booted(
        self, mode: Mode | None, *, silent: bool = False, attach: Callable[[Board], Callable[[], None]] | None = None
    ) -> Iterator[tuple[DeviceScript, Board]]:
        script = DeviceScript(self.script, Path.cwd(), self.device_path, self.natmods, self.words).on(self.target)
        output = _Output()
        with tempfile.TemporaryDirectory(prefix="mpy-harness-") as logs:
            pool = BoardPool(Path(logs), micropython=self.micropython, given_firmware=self.firmware, attach=attach)
            if attach is None:  # with a debugger, only what the script does has no limit
                pool.timeout = self.timeout
            with shown() as pool.progress:
                pool.firmware(self.target)
                modules = script.modules(self.target, self.micropython, pool.progress)
            try:
                files = script.host_files(modules)
                board = pool.board(self.target, files, mode, check=self.check, guest_time=self.guest_time)
                board.may_import(*modules.builds.values(), *modules.files)
                board.console.listener = None if silent else output
                yield script, board
            finally:
                output(b"", last=True)
                pool.close()


def _status(status: object) -> int:
    return status if isinstance(status, int) and not isinstance(status, bool) else int(bool(status))


class _Output:
    """Prints what a guest says, with this machine's ends of lines: a CR waits for what comes after it."""

    def __init__(self) -> None:
        self._held = b""

    def __call__(self, data: bytes, *, last: bool = False) -> None:
        data = self._held + data
        self._held = b"\r" if data.endswith(b"\r") and not last else b""
        sys.stdout.buffer.write(data.removesuffix(self._held).replace(b"\r\n", b"\n"))
        sys.stdout.buffer.flush()
