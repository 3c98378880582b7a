"""Boards for a session: one for each target and mode of counting, used again as long as it works."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpy_harness import machines
from mpy_harness.board.board import Board
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.counting.instrument import Instrument, Mode
from mpy_harness.errors import HarnessError, MachineryError
from mpy_harness.firmware.image import Firmware, firmware_for
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.machines import MachineKind
from mpy_harness.targets import Target


@dataclass
class BoardPool:
    """Gives boards in a fresh state and closes them at the end.

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
    _boards: dict[tuple[str, Mode | None], Board] = field(default_factory=dict)
    _firmware: dict[str, Firmware] = field(default_factory=dict)
    _boots: int = 0

    def firmware(self, target: Target) -> Firmware:
        """Return the target's image, built if need be."""
        if target.name not in self._firmware:
            self._firmware[target.name] = firmware_for(
                target, source=self.micropython, given=self.given_firmware, progress=self.progress
            )
        return self._firmware[target.name]

    def board(self, target: Target, host_files: HostFiles | None = None, mode: Mode | None = "count") -> Board:
        """Return the target's board as after a reset: one that works is reset, one that does not is replaced.

        ``mode`` is what it counts, None for nothing.
        """
        board = self._boards.get((target.name, mode))
        if board is not None and board.usable:
            board.host_files = host_files or HostFiles()
            try:
                board.soft_reset()
            except HarnessError:
                board.close()  # an earlier test broke it, which must not fail this one: boot another
            else:
                return board
        elif board is not None:
            board.close()
        self._boards[target.name, mode] = board = self._boot(target, host_files, mode)
        return board

    def close(self) -> None:
        """End all emulators."""
        while self._boards:
            self._boards.popitem()[1].close()

    def _boot(self, target: Target, host_files: HostFiles | None, mode: Mode | None) -> Board:
        kind = machines.kind_of(target)
        kind.find()  # raises where it is missing: no firmware is built for nothing
        image = self.firmware(target).elf
        self._boots += 1
        log = self.log_folder / f"{target.name}{self.label}-{self._boots}.log"
        log.unlink(missing_ok=True)
        instrument, why_not = self._instrument(kind, image, mode)
        return Board(
            target, image, log,
            host_files=host_files, timeout=self.timeout, instrument=instrument, why_not=why_not,
        )  # fmt: skip

    def _instrument(self, kind: MachineKind[Any], image: Path, mode: Mode | None) -> tuple[Instrument | None, str]:
        """Return what counts, or None and why nothing does."""
        if mode is None:
            return None, "counting is switched off, by --counting off, its configuration or the test's marker"
        try:
            return kind.instrument(image, mode, self.progress), ""
        except MachineryError as error:  # a board that cannot count is still a board
            return None, str(error)
