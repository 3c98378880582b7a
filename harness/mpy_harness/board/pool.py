"""Boards for a session: one for each target and mode of counting, or more, used again as long as they work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mpy_harness import machines
from mpy_harness.board.board import BOOT_SECONDS, Board
from mpy_harness.board.channel import nothing
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.counting.guest_time import GuestTime, with_guest_time
from mpy_harness.counting.instrument import Check, Instrument, Mode
from mpy_harness.errors import HarnessError, MachineryError
from mpy_harness.firmware.image import Firmware, firmware_for
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.machines import MachineKind
from mpy_harness.memcheck.coverage import Coverage, merge
from mpy_harness.targets import Reset, Target


@dataclass
class BoardPool:
    """Gives boards in a fresh state and closes them at the end.

    ``timeout`` is for each call, in seconds; a boot has as much, and 40 at least.
    ``given_firmware`` is an image to use instead of the targets' own.
    Console logs go to ``log_folder``, one for each boot, with ``label`` in their names, which differs between the
    processes of one session.
    """

    log_folder: Path
    micropython: Path | None = None
    given_firmware: Path | None = None
    timeout: float = 10.0
    label: str = ""
    progress: Progress = field(default_factory=Silent)
    #: Attaches a debugger to each board that is booted. What it returns is called when that board has ended.
    attach: Callable[[Board], Callable[[], None]] | None = None
    _detach: dict[Board, Callable[[], None]] = field(default_factory=dict)
    _boards: dict[tuple[str, Mode | None, Check, bool, GuestTime | None, int], Board] = field(default_factory=dict)
    _firmware: dict[str, Firmware] = field(default_factory=dict)
    _boots: int = 0
    _coverage: Coverage = field(default_factory=dict)  # of boards that were closed

    def firmware(self, target: Target) -> Firmware:
        """Return the target's image, built if need be."""
        if target.name not in self._firmware:
            self._firmware[target.name] = firmware_for(
                target, source=self.micropython, given=self.given_firmware, progress=self.progress
            )
        return self._firmware[target.name]

    def board(
        self,
        target: Target,
        host_files: HostFiles | None = None,
        mode: Mode | None = "count",
        number: int = 0,
        reset: Reset | None = None,
        *,
        check: Check = "",
        covers: bool = False,
        guest_time: GuestTime | None = None,
    ) -> Board:
        """Return the target's board as after a reset: one that works is reset, one that does not is replaced.

        ``mode`` is what it counts, None for nothing. Who wants several at a time gives each a ``number``. ``reset``
        is another kind than the target's. ``check`` is how it checks what native code does to memory, ``covers``
        that it writes down which of it runs; raises MemcheckUnavailable where it cannot. ``guest_time`` is what its
        clock goes by; None is counted instructions where it can, and "counted" raises GuestTimeUnavailable where it
        cannot.
        """
        key = target.name, mode, check, covers, guest_time, number
        board = self._boards.get(key)
        if board is not None and board.usable:
            board.host_files = host_files or HostFiles()
            try:
                (board.hard_reset if (reset or target.reset) == "hard" else board.soft_reset)()
            except HarnessError:
                self._end(board)  # an earlier test broke it, which must not fail this one: boot another
            else:
                return board
        elif board is not None:
            self._end(board)
        self._boards[key] = board = self._boot(target, host_files, mode, check, guest_time, covers=covers)
        return board

    def native_coverage(self) -> Coverage:
        """Return which lines of native modules ran, on boards that were started to write that down."""
        coverage: Coverage = {}
        merge(coverage, self._coverage)
        for board in self._boards.values():
            merge(coverage, board.coverage.so_far())
        return coverage

    def close(self) -> None:
        """End all emulators."""
        while self._boards:
            self._end(self._boards.popitem()[1])

    def _end(self, board: Board) -> None:
        board.close()
        self._detach.pop(board, nothing)()
        merge(self._coverage, board.coverage.so_far())

    def _boot(
        self,
        target: Target,
        host_files: HostFiles | None,
        mode: Mode | None,
        check: Check,
        guest_time: GuestTime | None,
        *,
        covers: bool,
    ) -> Board:
        kind = machines.kind_of(target)
        kind.find()  # raises where it is missing: no firmware is built for nothing
        image = self.firmware(target).elf
        self._boots += 1
        log = self.log_folder / f"{target.name}{self.label}-{self._boots}.log"
        log.unlink(missing_ok=True)
        instrument, why_not = self._instrument(kind, image, mode, check, covers=covers)
        if instrument is not None and check and self.attach is not None:
            instrument = replace(instrument, holds=True)
        instrument = with_guest_time(instrument, target, image, guest_time)
        board = Board(
            target, image, log,
            host_files=host_files, timeout=self.timeout, instrument=instrument, why_not=why_not,
            boot_seconds=max(BOOT_SECONDS, self.timeout),  # who waits longer for calls has a slow host
            memory=target.window is not None or self.attach is None,  # a machine without takes one client of GDB's kind
        )  # fmt: skip
        if self.attach is not None:
            try:
                self._detach[board] = self.attach(board)
            except BaseException:
                board.close()
                raise
        return board

    def _instrument(
        self, kind: MachineKind[Any], image: Path, mode: Mode | None, check: Check, *, covers: bool
    ) -> tuple[Instrument | None, str]:
        """Return what counts and checks memory, or None and why nothing counts."""
        off = "counting is switched off, by --counting off, its configuration or the test's marker"
        if check or covers:
            instrument = kind.checker(image, mode, self.progress, check=check, covers=covers)
            is_silent = mode is not None and instrument.mode is None
            return instrument, f"{kind.name} counts none" if is_silent else off
        if mode is None:
            return None, off
        try:
            return kind.instrument(image, mode, self.progress), ""
        except MachineryError as error:  # a board that cannot count is still a board
            return None, str(error)
