"""The command ``program``: plain C, compiled for a target and run there, and what it takes."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mpy_harness.cli.data import of_count, of_part
from mpy_harness.cli.options import AsJson, PartName, TargetName, words
from mpy_harness.costs.part_time import PartTime, check_same_code, part_time
from mpy_harness.counting.count import Count
from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import MachineryError
from mpy_harness.firmware.progress import Progress, shown
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.programs.run import ProgramRun
from mpy_harness.reports.class_table import class_lines, part_lines
from mpy_harness.reports.profile_table import profile_lines
from mpy_harness.reports.region_lines import region_lines
from mpy_harness.reports.size_table import size_lines
from mpy_harness.reports.table import aligned
from mpy_harness.resources import scratch
from mpy_harness.targets import DEFAULT_TARGET, Part, Target, load_part, load_target


def command(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE.c...", help="C sources, one with main().", exists=True, dir_okay=False),
    ],
    *,
    target: TargetName = DEFAULT_TARGET,
    include: Annotated[list[Path] | None, typer.Option("--include", "-I", help="Folder of headers.")] = None,
    cflags: Annotated[str, typer.Option(help="For the compiler, in quotes; the last -O counts.")] = "",
    ldflags: Annotated[str, typer.Option(help="For the linker, as -u _printf_float.")] = "",
    counting: Annotated[
        Literal["count", "classes", "functions", "memory", "off"], typer.Option(help="What to count.")
    ] = "count",
    part: PartName = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds until the program is stopped.")] = 60.0,
    elf: Annotated[Path | None, typer.Option("--elf", help="Keep the linked image here.", dir_okay=False)] = None,
    top: Annotated[int, typer.Option(min=0, help="Objects, symbols and functions in tables.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Compile plain C for a target, without MicroPython, run it, and tell flash, RAM and instructions."""
    chosen, chip = load_target(target), load_part(part) if part else None
    if chip is not None:
        check_same_code(chip, chosen)
        counting = "classes"
    job = ProgramJob(
        sources,
        chosen,
        include or (),
        words(cflags, "--cflags"),
        words(ldflags, "--ldflags"),
        None if counting == "off" else counting,
        timeout,
        elf,
        top,
        as_json,
        chip,
    )
    with shown() as progress:
        status = job.run(progress)
    raise typer.Exit(status)


@dataclass(frozen=True)
class ProgramJob:
    """What to compile, for which target, and how to run it; ``elf`` is where the image goes, None for nowhere."""

    sources: Sequence[Path]
    target: Target
    include: Sequence[Path]
    cflags: Sequence[str]
    ldflags: Sequence[str]
    mode: Mode | None
    timeout: float
    elf: Path | None
    top: int
    as_json: bool = False
    part: Part | None = None

    def run(self, progress: Progress) -> int:
        """Print what the program prints, then its sizes and its counts; return its status."""
        with tempfile.TemporaryDirectory(prefix="mpy-harness-") as folder:
            built = build_program(
                self.target,
                self.sources,
                Path(folder) / "program",
                include=self.include,
                cflags=self.cflags,
                ldflags=self.ldflags,
            )
            if self.elf is not None:
                _keep(built.elf, self.elf)
            program = CProgram(built, _log(), self.mode, self.timeout, progress)
            done = program.run()
            if self.as_json:
                print(json.dumps(self._data(program, done), indent=1))
                return done.status
            sys.stdout.write(done.output)
            print("\n".join(self._render(program, done)))
        return done.status

    def _data(self, program: CProgram, done: ProgramRun) -> dict[str, Any]:
        whole = {"flash": program.sizes.flash.bytes, "ram": program.sizes.ram.bytes}
        facts = {"target": self.target.name, "status": done.status, "output": done.output, **whole, "own": program.own}
        facts["count"] = of_count(done.count, self.target) if done.count is not None else None
        return facts | (of_part(self._part_time(self.part, program, done.count)) if self.part and done.count else {})

    def _render(self, program: CProgram, done: ProgramRun) -> list[str]:
        own = program.own
        whole = {"flash": program.sizes.flash.bytes, "ram": program.sizes.ram.bytes}
        rows = [["", "flash B", "RAM B"]]
        rows += [[name, *(f"{sizes[kind]:,}" for kind in ("flash", "ram"))] for name, sizes in
                 (("its sources", own), ("with start-up code, C library, stacks", whole))]  # fmt: skip
        lines = ["", *aligned(rows)]
        if self.top:
            lines += ["", *size_lines(program.sizes, self.sources[0].name, self.top)]
        if done.count is None:
            return lines
        lines += ["", f"main(): {done.count.instructions:,} instructions", *region_lines(done.count.regions)]
        if done.count.profile is not None:
            lines += ["", *profile_lines(done.count.profile, self.top or 20)]
        if done.count.classes:
            lines += ["", *class_lines(done.count, self.target)]
        if self.part is not None:
            lines += part_lines(self._part_time(self.part, program, done.count))
        return lines

    def _part_time(self, part: Part, program: CProgram, count: Count) -> PartTime:
        # All of it is in flash, as firmware is.
        return part_time({**count.classes, **count.words}, part, 0.0, program.sizes.flash.bytes)


def _log() -> Path:
    try:
        return scratch(Path()) / "console" / "program.log"
    except OSError as error:
        raise MachineryError(f"{Path.cwd()} cannot take the console's log: {error.strerror}.") from error


def _keep(elf: Path, to: Path) -> None:
    try:
        shutil.copyfile(elf, to)
        shutil.copyfile(elf.with_suffix(".map"), to.with_suffix(".map"))
    except OSError as error:
        raise MachineryError(f"{to} cannot be written: {error.strerror}.") from error
