"""The command ``calibrate``: make a part of a board on the desk."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness import machines
from mpy_harness.board.asked import asked
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.pool import BoardPool
from mpy_harness.cli.options import MicroPython, known_targets
from mpy_harness.errors import TargetInvalid
from mpy_harness.firmware.progress import shown
from mpy_harness.rates import calibrate
from mpy_harness.rates.part_file import Calibration, part_file
from mpy_harness.reports.calibration_table import calibration_lines, fit_line
from mpy_harness.reports.names import printable
from mpy_harness.resources import write_whole
from mpy_harness.targets import Cycles, InstalledFirmware, Target, available, load_part, load_target
from mpy_harness.targets.files import core_model


def command(
    *,
    target: Annotated[
        str, typer.Option("--target", metavar="NAME", help="The board: serial:PORT, or a target of that kind.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The part's file, a .toml.")],
    on: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="NAME", help="Target that counts the same instructions.", autocompletion=known_targets
        ),
    ] = None,
    clock: Annotated[
        int | None, typer.Option(min=1, metavar="HZ", help="The board's clock, where machine.freq() does not say it.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=3, max=1000, help="How often each kernel is timed.")] = 20,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for one call.")] = 60.0,
    micropython: MicroPython = None,
) -> None:
    """Make a part of a board: its clock, its RAM, and how long code waits there, by timing what an emulator counts."""
    if output.suffix != ".toml":
        raise typer.BadParameter(f"{output} is no part's file: it ends with .toml", param_hint="--output")
    chosen = load_target(target)
    if not machines.kind_of(chosen).is_hardware:
        raise TargetInvalid(
            f"{chosen.name} is no board: its clock says how fast the host is. Use --target serial:PORT."
        )
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as logs, shown() as progress:
        chip = asked(chosen)
        reference = load_target(on) if on else reference_for(chip)
        if reference.natmod.arch != chip.natmod.arch:
            raise TargetInvalid(
                f"{reference.name} ({reference.natmod.arch}) executes other code than {chip.name} "
                f"({chip.natmod.arch}): choose another one with --on."
            )
        pool = BoardPool(Path(logs), micropython=micropython, timeout=timeout, progress=progress)
        try:
            lines, text = _calibrated(chip, reference, pool, clock, repeats)
        finally:
            pool.close()
    print("\n".join(lines))
    write_whole(output, text)
    part = load_part(str(output))
    print(
        f"\nWritten to {printable(str(output))}: {printable(part.description)}. Use it: --part {printable(str(output))}"
    )


def reference_for(target: Target) -> Target:
    """Return the target that counts what a board executes: one with its core, else with its architecture.

    Raises TargetInvalid where there is none.
    """
    fits = [
        each
        for each in map(load_target, available())
        if each.natmod.arch == target.natmod.arch and "classes" in machines.kind_of(each).modes
    ]
    if not fits:
        raise TargetInvalid(
            f"no target in an emulator counts classes of instructions for {target.natmod.arch}, which {target.name} "
            "executes. Name one with the same instruction set: --on NAME."
        )
    return max(fits, key=lambda each: (each.core == target.core, each.is_built, each.cycles is not None))


def _calibrated(
    chip: Target, reference: Target, pool: BoardPool, clock: int | None, repeats: int
) -> tuple[list[str], str]:
    board, counting = pool.board(chip, mode=None), pool.board(reference, mode="classes")
    hertz = clock or calibrate.ask_clock(board)
    if hertz is None:
        raise TargetInvalid(f"{chip.name} does not say its clock: machine.freq() gives no number. Say it: --clock HZ")
    heap = calibrate.ask_heap(board)
    loaders = [ModuleLoader(each, micropython=pool.micropython, progress=pool.progress) for each in (board, counting)]
    points = calibrate.measure(board, counting, loaders, repeats)
    found = core_model(chip.core)
    model = None if found is None else Cycles(**found.model_dump(), clock=hertz)
    fits = {
        form: calibrate.fit([point for point in points if point.form == form], model, hertz) if model else None
        for form in ("native", "python")
    }
    lines = calibration_lines(points, model, hertz)
    if model is None:
        lines += ["", f"There is no cycle model of {chip.core}: nothing is said of what code waits for."]
    else:
        lines += ["", fit_line("native modules", fits["native"]), fit_line("the firmware", fits["python"])]
    said = chip.firmware.said if isinstance(chip.firmware, InstalledFirmware) else chip.description
    source = "given with --clock" if clock else "machine.freq() on the board"
    return lines, part_file(
        Calibration(
            said.partition(";")[0], chip.core, chip.natmod.arch, hertz, source, heap, reference.name, repeats,
            fits["native"], fits["python"],
        )
    )  # fmt: skip
