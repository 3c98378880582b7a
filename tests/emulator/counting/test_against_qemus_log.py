"""Counts and call trees compared with what QEMU itself says of each executed instruction (its log "exec")."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.board import Board
from mpy_harness.firmware.symbols import Symbols

PROGRAM = """
class Thing:
    def __init__(self, n):
        self.n = n
    def more(self, by):
        return self.n + by

@micropython.native
def native(n: int):
    s = 0
    for i in range(n):
        s += i
    return s

@micropython.viper
def viper(n: int) -> int:
    s = 0
    for i in range(n):
        s += i
    return s

@micropython.asm_thumb
def assembler(r0):
    label(AGAIN)
    sub(r0, 1)
    bne(AGAIN)

def squares(n):
    for i in range(n):
        yield i * i

def thrower(n):
    if n:
        thrower(n - 1)
    raise ValueError(n)

def work(rounds):
    for i in range(rounds):
        try:
            thrower(3)
        except ValueError:
            pass
        sum(squares(4))
        sorted([3, 1, 2], key=lambda v: -v)
        Thing(i).more(1)
        "%5.2f" % (1.5 * i)
        native(5)
        viper(5)
        assembler(5)
        print("round")
"""
# Functions whose place MicroPython's own take in call trees.
RUN_BYTECODE = {"fun_bc_call", "mp_obj_gen_resume"}
BYTECODE, ELSEWHERE = "bytecode", "elsewhere"


@dataclass(frozen=True)
class Place:
    """Where all code of a target lies, and the marks there (counting/plugin_c/decode/decode.h)."""

    memory: int
    size: int
    start: bytes
    pause: bytes
    resume: bytes


M33 = Place(0x10000000, 0x400000, b"\xdb\x46", b"\x2d\x46", b"\x36\x46")
RV32 = Place(0x80000000, 0x800000, *(bytes((0x13, 0x20, number << 4, 0x4D)) for number in (2, 4, 5)))


@contextmanager
def logged(board: Board, log: Path) -> Iterator[None]:
    """Have QEMU log each instruction. What a plugin counts meanwhile is wrong: there are no blocks any more."""
    board.machine.execute(f"logfile {log}")
    if "unknown" in board.machine.execute("one-insn-per-tb on"):
        board.machine.execute("singlestep on")  # as QEMU before 8.1 calls it
    board.machine.execute("log exec,nochain")
    yield
    board.machine.execute("log none")


def memory_of(board: Board, folder: Path, place: Place) -> bytes:
    """Return what is in a board's memory where code lies."""
    file = folder / "memory"
    board.machine.execute(f'memsave {place.memory:#x} {place.size} "{file}"')
    code = file.read_bytes()
    file.unlink()
    return code


def executed(log: Path, code: bytes, place: Place) -> list[int]:
    """Return the addresses of the instructions that the log shows in the region, without those of pauses."""
    found: list[int] = []
    starts = pauses = 0
    for match in re.finditer(r"^Trace 0: \S+ \[\w+/0*(\w{8})/", log.read_text(), re.MULTILINE):
        address = int(match[1], 16)
        mark = code[address - place.memory : address - place.memory + len(place.start)]
        if mark == place.start:  # the first begins the request's region, the next ends all that is open
            starts, pauses = starts + 1, 0
            continue
        pauses += mark == place.pause
        if starts == 1 and not pauses:
            found.append(address)
        pauses -= mark == place.resume
    log.unlink()
    return found


def test_each_function(boot, firmware, tmp_path):
    symbols = Symbols(firmware.elf)
    board, qemus = boot("functions"), boot("count")
    found: Counter[str] = Counter()
    expected: Counter[str] = Counter()
    counts = []
    for each in (board, qemus):
        each.exec(PROGRAM)
    for rounds, sign in ((0, -1), (3, 1)):
        with board.count() as count:
            board.call("work", rounds)
        counts.append(count.instructions)
        for cost in count.profile.functions():
            names = {"firmware": cost.function.name, "region": "counted", "python": BYTECODE}
            found[names.get(cost.function.kind, ELSEWHERE)] += sign * cost.exclusive
        log = tmp_path / f"{rounds}.log"
        with logged(qemus, log), qemus.count():
            qemus.call("work", rounds, timeout=100)
        for address, times in Counter(executed(log, memory_of(qemus, tmp_path, M33), M33)).items():
            function = symbols.at(address)
            name = ELSEWHERE if function is None else BYTECODE if function.name in RUN_BYTECODE else function.name
            expected[name] += sign * times
    assert counts[1] - counts[0] == sum(expected.values())
    assert len(expected) > 50
    assert {name: times for name, times in found.items() if times} == {
        name: times for name, times in expected.items() if times
    }
