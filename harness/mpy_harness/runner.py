"""Run one MicroPython script on a target, its output as it comes, and what it took counted."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.board.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.board.scripts import DeviceScript
from mpy_harness.counting.count import Count
from mpy_harness.counting.tcg import Mode
from mpy_harness.errors import HarnessError
from mpy_harness.firmware.progress import shown
from mpy_harness.targets import Target


@dataclass(frozen=True)
class Job:
    """A script, what it gets in ``sys.argv``, and where it runs."""

    script: Path
    target: Target
    arguments: Sequence[str] = ()
    device_path: tuple[Path, ...] = ()
    micropython: Path | None = None
    timeout: float = 60.0
    natmods: tuple[Path, ...] = ()

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
                for count in board.counts:
                    print(f"region {count.name!r}: {count.instructions:,} instructions", file=sys.stderr)

    def count(self, mode: Mode, *, silent: bool = False) -> tuple[Count, HarnessError | int]:
        """Run the script as a region; return what it took, and its status or the error that it ended with.

        Raises CountingUnavailable.
        """
        with self._booted(mode, silent=silent) as (script, board), board.count(self.script.name) as count:
            try:
                return count, _status(script.run(board, None, self.arguments, timeout=self.timeout))
            except HarnessError as error:
                if not count.instructions:
                    raise  # it did not get as far as that there is anything to show
                return count, error

    @contextlib.contextmanager
    def _booted(self, mode: Mode, *, silent: bool = False) -> Iterator[tuple[DeviceScript, Board]]:
        script = DeviceScript(self.script, Path.cwd(), self.device_path, self.natmods)
        with tempfile.TemporaryDirectory(prefix="mpy-harness-") as logs:
            pool = BoardPool(Path(logs), micropython=self.micropython)
            with shown() as pool.progress:
                pool.firmware(self.target)
                modules = script.modules(self.target, self.micropython, pool.progress)
            try:
                board = pool.board(self.target, script.host_files(modules), mode)
                board.may_import(*modules.builds.values(), *modules.files)
                board.console.listener = None if silent else _print
                yield script, board
            finally:
                sys.stdout.flush()
                pool.close()


def _status(status: object) -> int:
    return status if isinstance(status, int) and not isinstance(status, bool) else int(bool(status))


def _print(data: bytes) -> None:
    sys.stdout.buffer.write(data.replace(b"\r\n", b"\n"))
    sys.stdout.buffer.flush()
