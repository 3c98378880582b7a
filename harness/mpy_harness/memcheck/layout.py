"""Where the checker finds things in a guest's memory, as its firmware's symbols and its target say.

Firmware that is built here tells what its heap holds, any other is watched (``foreign``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mpy_harness.errors import MemcheckUnavailable
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.memcheck.foreign import Place, watched_places
from mpy_harness.targets import Target

# The letters are those of counting/plugin_c/memcheck/memcheck.h, the names those of targets/boards/cortex-m.
_TELLS = {"b": "_doorbell", "e": "board_event", "f": "board_is_checked", "h": "board_heap"}
_LAST = "_last_of_ram"
_PARTS = (("s", "_sstack", "_estack"), ("d", "_sdata", "_edata"), ("d", "_sbss", "_ebss"))
# Functions of the table that native modules call the firmware by (py/nativeglue.c), and one that the second calls.
_COPIES = {"memset", "memmove", "memcpy"}
_THROWS = "nlr_jump"
_ZEROED = "m_malloc0"
_TYPE = "mp_type_"
_STRINGS = ("str", "bytes")
_NUMBERS = ("array", "bytearray")
_ARRAYS = (*_NUMBERS, "list")
# Native code of MicroPython's compiler writes to cells, modules to the members of these containers.
_WRITABLE = ("cell", "dict", "list", "array", "bytearray")
# Peripherals and the core's own, by the instruction set.
_DEVICES = {
    "thumb": ((0x40000000, 0x60000000), (0xE0000000, 0xE0100000)),  # Arm DDI 0403, B3.1
    # A machine's own: all that is no memory of the target. What is nothing, the firmware's memory protection guards.
    "riscv": ((0, 1 << 32),),
}


def tells(symbols: Symbols) -> bool:
    """Tell whether a firmware tells what its heap holds: it is built here."""
    return all(symbols.address(name) is not None for name in _TELLS.values())


def memory_layout(target: Target, symbols: Symbols) -> str:
    """Return the layout as the plugin reads it. Raises MemcheckUnavailable where the firmware does not say enough."""
    which = target.instruction_set
    if which is None or which.name not in _DEVICES:
        raise MemcheckUnavailable(
            f"what native code does to memory cannot be checked on target {target.name}: that is there for Arm and "
            "RISC-V cores alone. Use one of those (m33, rv32), or the fixture `guarded`, which works on any board."
        )
    parts = (*_parts(symbols), *_areas(target)) if tells(symbols) else watched_places(target, symbols)
    devices = [("o", start, end) for start, end in _devices(target, _DEVICES[which.name])]
    places = (*parts, *devices, *_functions(symbols), *_types(symbols))
    return "".join(f"{letter} {start:x} {end:x}\n" for letter, start, end in places)


def _parts(symbols: Symbols) -> Iterator[Place]:
    for letter, name in _TELLS.items():
        yield letter, _at(symbols, name), _at(symbols, name) + 1
    yield "b", _at(symbols, _LAST), _at(symbols, _LAST) + 1
    for letter, first, behind in _PARTS:
        yield letter, _at(symbols, first), _at(symbols, behind)


def _areas(target: Target) -> Iterator[Place]:
    main = next((memory for memory in target.memory if memory.kind == "ram"), None)
    for memory in target.memory:
        letter = "x" if memory.kind == "flash" else "r" if memory is main else "o"
        yield letter, memory.origin, memory.origin + memory.length


def _devices(target: Target, ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    # Of the main RAM what is nobody's is not open to everybody.
    main = next((memory for memory in target.memory if memory.kind == "ram"), None)
    for start, end in ranges:
        if main is None or not start <= main.origin < end:
            yield start, end
            continue
        yield start, main.origin
        yield main.origin + main.length, min(end, 0xFFFFFFFF)


def _functions(symbols: Symbols) -> Iterator[Place]:
    for function in symbols.functions:
        if function.name in _COPIES:
            yield "c", function.start, function.end
        if function.name == _THROWS:
            yield "t", function.start, function.end
        if function.name == _ZEROED:
            yield "n", function.start, function.end


def _types(symbols: Symbols) -> Iterator[Place]:
    for name in symbols.names(_TYPE):
        kind = name.removeprefix(_TYPE)
        letters = "y" * (kind not in _WRITABLE) + "w" * (kind in _ARRAYS) + "z" * (kind in _STRINGS)
        letters += "v" * (kind in _NUMBERS)
        for letter in letters:
            yield letter, _at(symbols, name), _at(symbols, name) + 1


def _at(symbols: Symbols, name: str) -> int:
    return symbols.address(name) or 0
