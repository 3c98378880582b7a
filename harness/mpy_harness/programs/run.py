"""Run a plain C program on a target's machine: what it printed, how it ended, what it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mpy_harness import machines
from mpy_harness.board.console import Console, ConsoleClosed, WaitedLong
from mpy_harness.counting.attribution import Names, call_tree, without
from mpy_harness.counting.count import Count, count_of
from mpy_harness.counting.guest_time import with_guest_time
from mpy_harness.counting.instrument import Mode
from mpy_harness.counting.plugin_lines import Kind, Record, parse
from mpy_harness.counting.profile import Profile
from mpy_harness.errors import GuestFailure, GuestTimeout, MachineryError
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.machines import Machine
from mpy_harness.programs.build import Program
from mpy_harness.programs.stack import overflown
from mpy_harness.targets import Target

# The line with which targets/boards/*/program.c ends.
_END = b"\n#END "
_WHOLE = "main"  # what the region of all of it is called
_LINE_SECONDS = 5.0
_TAIL_LINES = 10


@dataclass(frozen=True)
class ProgramRun:
    """How a program ran: its ``output``, the ``status`` that ``main`` returned, and what it took.

    ``count`` is all of ``main``, with the regions that it marked; None where nothing was counted.
    """

    output: str
    status: int
    count: Count | None = field(repr=False)


def run_program(
    program: Program, log: Path, *, mode: Mode | None = "count", timeout: float = 10.0, progress: Progress | None = None
) -> ProgramRun:
    """Run a program to its end; the console goes to ``log``.

    Raises GuestFault, GuestTimeout after ``timeout`` seconds, CountingUnavailable, and what starting an emulator does.
    """
    target, symbols = program.target, Symbols(program.elf, "program")
    kind = machines.kind_of(target)
    instrument = kind.instrument(program.elf, mode, progress or Silent()) if mode else None
    machine = kind.start(program.elf, with_guest_time(instrument, target, program.elf, None))
    console = Console(machine.console, log, machine.clock)
    try:
        output, status = _follow(machine, console, target, symbols, timeout)
        data = machine.records.take() if machine.records is not None else b""
    except GuestFailure as error:
        said = "\n".join(f"    {line}" for line in console.tail(_TAIL_LINES).splitlines())
        error.args = (f"{error.args[0]}\n  the last of its output ({log}):\n{said or '    (none)'}",)
        raise
    finally:
        console.close()
        machine.close()
    count = _count(list(parse(data)), target.name, symbols) if data else None
    return ProgramRun(output.decode("utf-8", "replace").replace("\r\n", "\n"), status, count)


def _follow(machine: Machine, console: Console, target: Target, symbols: Symbols, timeout: float) -> tuple[bytes, int]:
    try:
        _, output = console.read_until([_END], console.clock.now() + timeout)
        digits = console.read_exactly(3, console.clock.now() + _LINE_SECONDS)
    except WaitedLong:
        place = machine.program_counter()
        where = f", in {symbols.describe(place)}" if place is not None else ""
        overflow = overflown(machine, target, symbols)
        raise overflow or GuestTimeout(f"the program did not end within {timeout:g} s{where}") from None
    except ConsoleClosed:
        raise machines.explain_end(machine, console.before or b"", target.name, symbols.describe) from None
    if not digits.isdigit():
        raise MachineryError(f"the program's last line is garbled. Console: {console.log_path}")
    return output, int(digits)


def _count(records: Sequence[Record], target: str, symbols: Symbols) -> Count:
    """Return what the last record, the program's, says, less what the first two do, which are of empty regions."""
    names = Names(symbols, {}, lambda _: None, "program")
    empty: dict[Kind, tuple[Record, Profile | None]] = {}
    counts: list[Count] = []
    for counted in records:
        record = counted if counted.label else counted.model_copy(update={"name": f"{counted.name}{_WHOLE}"})
        tree = call_tree(record, target, names) if record.nodes else None
        if record.kind not in empty:
            empty[record.kind] = record, tree
            continue
        less, less_tree = empty[record.kind]
        counts.append(count_of(record, less, without(tree, less_tree) if tree and less_tree else tree))
    whole = next((count for count, record in zip(counts, records[2:], strict=True) if record.kind == "request"), None)
    if whole is None:
        raise MachineryError("the counting plugin wrote no record of the whole program")
    whole.regions += [count for count in counts if count is not whole]
    return whole
