"""The planted faults: read from the modules' sources, run, and what the checker said of each.

python -m tests.memcheck.corpus        # the table of docs/memcheck.md
python -m tests.memcheck.corpus rv32   # on another target, with what was not named right
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import GuestFault, HarnessError, MemoryMisused
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.targets import DEFAULT_TARGET, load_target

FOLDER = Path(__file__).parent / "natmods"
MODULES = ("filters", "buffers", "objects", "frames", "copies", "spaces", "habits", "unwritten")

#: A kind that is looked for by an option of its own.
UNWRITTEN = "read of bytes that nobody has written"

# What the calls use besides the functions of the module.
_PRELUDE = """
import gc
from array import array
from MODULE import *

def pair(typecode, count):
    "Two arrays, the data of one right behind that of the other."
    size = (len(bytes(array(typecode, [0]))) * count + 15) // 16 * 16
    values = list(range(count))
    holes = [float(number) for number in range(200)] # for the objects, which are as small: not between the data
    holes = holes[::2]
    gc.collect()
    found = [array(typecode, values) for _ in range(30)]
    places = {uctypes.addressof(one): one for one in found}
    for place in places:
        if place + size in places:
            return places[place], places[place + size]

import uctypes
kept = []

def fill():
    "Take what is small and free: right behind what is allocated next is nothing in use then."
    kept.extend([bytearray(size) for size in (60, 40, 20) for _ in range(30)])

def grow(data):
    kept.append(bytearray(100))
    data += bytes(200)

def churn(depth=30):
    "Leave nothing of what was called before on the stack, where the collector would take it for pointers."
    return depth and sum([churn(depth - 1), len(str(depth) + "x")])

def drop(held):
    held[0] += bytes(500)
"""
_FAULT = re.compile(r"//! (\w+), ([^:]+): (.+)")


@dataclass(frozen=True)
class Planted:
    """A planted fault: its module, function, name and line, and the Python code that calls it."""

    module: str
    function: str
    kind: str
    call: str
    line: int


@dataclass(frozen=True)
class Outcome:
    """What was said of a fault, and of its mended twin ("" where nothing was)."""

    planted: Planted
    found: str
    is_named: bool
    false_alarm: str


def planted() -> Iterator[Planted]:
    """Give the faults in the order of the sources."""
    for module in MODULES:
        told = None
        line_of_access = 0
        for number, line in enumerate((FOLDER / module / f"{module}.c").read_text().splitlines(), 1):
            if match := _FAULT.match(line):
                told = match
                if line_of_access:  # of a helper in front of the function
                    yield Planted(module, told[1], told[2], told[3], line_of_access)
                    told, line_of_access = None, 0
            elif "// HERE" in line and told is not None:
                yield Planted(module, told[1], told[2], told[3], number)
                told = None
            elif "// HERE" in line:
                line_of_access = number


def run(board: Board, fault: Planted, *, mended: bool) -> HarnessError | None:
    """Run a fault, or its mended twin, in a life of its own; return the error that it gave."""
    if board.usable:
        board.soft_reset()
    else:
        board.hard_reset()
    board.forget()
    natmod = ModuleLoader(board, (FOLDER,))
    natmod(fault.module, variables={"VARIANT": "-DMENDED" if mended else "-DPLANTED_ONE"})
    symbols = Symbols(board.image)
    board.exec(_PRELUDE.replace("MODULE", fault.module))
    if fault.module == "spaces":
        board.exec(_places(symbols))
        natmod("filters")
        board.exec("""
            import filters
            address_of_other = uctypes.struct(id(filters.smooth), {"code": 4 | uctypes.UINT32}).code & ~1
        """)
    try:
        board.exec(fault.call)
    except (MemoryMisused, GuestFault) as error:
        return error
    finally:
        board.findings.clear()
    return None


def _places(symbols: Symbols) -> str:
    heap = symbols.address("board_heap")
    if heap is None:  # MicroPython's own port
        return f"""
            address_of_heap, address_of_heap_end = {symbols.address("gc_heap")}, {symbols.address("_ebss")} & ~15
            address_of_data = {symbols.address("mp_state_ctx")}
        """
    return f"""
        words = uctypes.struct({heap}, {{"at": (uctypes.ARRAY | 0, 3 | uctypes.UINT32)}}).at
        address_of_heap, address_of_heap_end = words[0], words[2]
        address_of_data = {symbols.address("board_collects")} & ~3
    """


def judge(board: Board, fault: Planted) -> Outcome:
    """Return what the checker says of a fault and of its twin."""
    error = run(board, fault, mended=False)
    twin = run(board, fault, mended=True)
    where = f"{fault.module}.c:{fault.line}"
    if isinstance(error, MemoryMisused):
        first = error.findings[0]
        told = (first.kind, first.place.function, first.place.line)
        return Outcome(fault, str(error), told == (fault.kind, fault.function, fault.line), str(twin or ""))
    if error is not None:  # the core refused the access
        said = str(error)
        is_named = fault.kind in {"null pointer", "wild pointer", "write to the firmware's code or constants"}
        is_named = is_named and where in said and f"{fault.function}()" in said
        return Outcome(fault, f"fault: {said}", is_named, str(twin or ""))
    return Outcome(fault, "", False, str(twin or ""))


def table(outcomes: list[Outcome] | None = None) -> str:
    """Return the table of docs/memcheck.md: by kind of fault how many were found, named right, and false alarms.

    Without outcomes it is what must come out, which test_corpus.py asserts fault by fault.
    """
    faults = list(planted())
    rows = ["| fault | planted | found | named right | false alarms in twins |", "| --- | --- | --- | --- | --- |"]
    kinds = [*dict.fromkeys(fault.kind for fault in faults), "all"]
    for kind in kinds:
        number = sum(kind in {fault.kind, "all"} for fault in faults)
        figures = [number, number, number, 0]
        if outcomes is not None:
            of_kind = [outcome for outcome in outcomes if kind in {outcome.planted.kind, "all"}]
            found, named, alarms = (
                sum(bool(getattr(each, name)) for each in of_kind) for name in ("found", "is_named", "false_alarm")
            )
            figures = [number, found, named, alarms]
        rows.append(f"| {kind} | {' | '.join(map(str, figures))} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as logs:
        pool = BoardPool(Path(logs))
        try:
            target = load_target(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_TARGET)
            outcomes = []
            for fault in planted():
                board = pool.board(target, mode=None, check="unwritten" if fault.kind == UNWRITTEN else "memory")
                outcomes.append(judge(board, fault))
            print(table(outcomes), end="")
            for each in outcomes:
                if not each.is_named or each.false_alarm:
                    fault = each.planted
                    print(f"\n{fault.module}.c:{fault.line} {fault.function}, {fault.kind}: {each.found or 'nothing'}")
                    print(f"  in its twin: {each.false_alarm or 'nothing'}")
        finally:
            pool.close()


if __name__ == "__main__":
    main()
