"""Plain C programs under test: compiled for a target without MicroPython, sized, run and counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mpy_harness.counting.instrument import Mode
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.programs.build import Program
from mpy_harness.programs.run import ProgramRun, run_program
from mpy_harness.sizes.elf import ElfSizes, read_elf
from mpy_harness.sizes.tree import SizeTree


@dataclass
class CProgram:
    """A program that was compiled for a target: ``sizes`` of the whole image, ``own`` of its sources, ``run``."""

    program: Program
    log: Path
    mode: Mode | None = "count"
    timeout: float = 10.0
    progress: Progress = field(default_factory=Silent)
    ran: list[ProgramRun] = field(default_factory=list)

    @property
    def elf(self) -> Path:
        """Return the linked image."""
        return self.program.elf

    @cached_property
    def sizes(self) -> ElfSizes:
        """Return flash and RAM of all that was linked: start-up code, stacks and the C library are in it."""
        return read_elf(self.program.elf, self.program.target)

    @property
    def own(self) -> dict[str, int]:
        """Return the bytes of flash and RAM that the program's own sources take."""
        return {tree.name: self._own(tree) for tree in (self.sizes.flash, self.sizes.ram)}

    def run(self, *, timeout: float | None = None) -> ProgramRun:
        """Run it from power-on to its end, at most ``timeout`` seconds.

        Raises GuestFault, GuestTimeout, CountingUnavailable.
        """
        seconds = self.timeout if timeout is None else timeout
        done = run_program(self.program, self.log, mode=self.mode, timeout=seconds, progress=self.progress)
        self.ran.append(done)
        return done

    def _own(self, tree: SizeTree) -> int:
        return sum(size for path, size in tree.leaves() if path[-2] in self.program.objects)
