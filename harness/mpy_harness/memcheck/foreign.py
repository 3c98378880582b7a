"""Firmware that tells nothing of its heap: what its symbols say of where things are.

Its allocator is watched (counting/plugin_c/memcheck/heap.c): by its functions, and by the state that they keep. Both
have had these names in MicroPython for years (py/gc.h, py/mpstate.h).
"""

from __future__ import annotations

from collections.abc import Iterator

from mpy_harness.counting.instrument import Check
from mpy_harness.errors import MemcheckUnavailable
from mpy_harness.firmware.symbols import Section, Symbols
from mpy_harness.memcheck.lines import UnseenLine
from mpy_harness.targets import Target

#: How exactly the heap is known where a plugin does not read registers.
ROUNDED = "blocks of 16 bytes, arrays to the byte: QEMU shows what is asked of the allocator from 9.0 on"

#: A letter of counting/plugin_c/memcheck/memcheck.h, the first address, and the one behind.
Place = tuple[str, int, int]

_STATE = "mp_state_ctx"
_STATE_BYTES = 0x2000  # where in the state the heap is, and how large it is, depends on the firmware's configuration
_ALLOCATOR = {"gc_init": "i", "gc_alloc": "a", "gc_free": "k", "gc_realloc": "l", "gc_collect_start": "g"}
_BEGINS_LIFE = "mp_init"  # there are ports that call gc_init() once
_PART_OF_FREE = "gc_free.part"  # where the compiler has made two of it, and calls this one
_INSTEAD = (
    "Or use a target in QEMU whose firmware the harness builds (m33), or the fixture `guarded`, which works on any "
    "board."
)


def refuse_more(check: Check) -> None:
    """Raise MemcheckUnavailable for a check that needs more than the symbols of a firmware."""
    names = {"stress": "--gc-stress", "unwritten": "--memcheck-unwritten"}
    if asked := [option for name, option in names.items() if name in check]:
        raise MemcheckUnavailable(
            f"{' and '.join(asked)} cannot be had: the firmware's allocator has to take part, and the one given does "
            "not. Use --memcheck alone, or a target in QEMU whose firmware the harness builds (m33)."
        )


def unseen(line: UnseenLine) -> MemcheckUnavailable:
    """Return the error that says why native code that ran could not be checked."""
    why = (
        "it is not in MicroPython's heap, where the modules of a firmware that tells nothing are looked for"
        if line.is_heap_found
        else f"MicroPython's heap was not found in {_STATE}: it may be of another kind than that of its own ports"
    )
    return MemcheckUnavailable(f"native code ran at {line.unseen:#010x} and was not checked: {why}. {_INSTEAD}")


def watched_places(target: Target, symbols: Symbols) -> Iterator[Place]:
    """Give the places of a firmware that tells nothing. Raises MemcheckUnavailable where its symbols are too few."""
    which = target.instruction_set
    if which is None or which.name != "thumb":
        raise MemcheckUnavailable(
            f"what native code does to memory cannot be checked: of target {target.name} only firmware that the "
            f"harness builds can be, and the one given tells nothing of its heap. {_INSTEAD}"
        )
    missing = [name for name in (_STATE, *_ALLOCATOR) if symbols.address(name) is None]
    if not symbols.functions or len(missing) == 1 + len(_ALLOCATOR):
        raise MemcheckUnavailable(
            f"what native code does to memory cannot be checked: the firmware given for target {target.name} has no "
            "symbols, so nothing says where its allocator and its heap are. Give the ELF file that it was made of, "
            f"before symbols were stripped from it. {_INSTEAD}"
        )
    if missing:
        raise MemcheckUnavailable(
            f"what native code does to memory cannot be checked: the firmware of target {target.name} has no symbol "
            f"{', '.join(missing)}, of MicroPython's allocator; link-time optimisation may have taken it away. Build "
            f"it without that. {_INSTEAD}"
        )
    state = symbols.address(_STATE) or 0
    yield "p", state, state + _STATE_BYTES
    for function in symbols.functions:
        letter = _ALLOCATOR.get(function.name)
        if function.name == _BEGINS_LIFE:
            letter = "i"
        elif function.name.startswith(_PART_OF_FREE):
            letter = "k"
        if letter is not None:
            yield letter, function.start, function.end
    yield from _parts(target, symbols, state)


def _parts(target: Target, symbols: Symbols, state: int) -> Iterator[Place]:
    # The target's memory map may be made for another image: what the image itself says comes first.
    low, high, held = _stack(symbols)
    written = [section.place for section in symbols.sections if section.is_writable]
    area = next((m for m in target.memory if m.origin <= state < m.origin + m.length and m.kind != "window"), None)
    if area is not None:
        yield "r", area.origin, area.origin + area.length
    else:
        yield "r", min(place.start for place in written), max(high, *(place.stop for place in written))
    if low < high:
        yield "s", low, high
    for section in symbols.sections:
        if section is not held:
            yield "d" if section.is_writable else "x", section.place.start, section.place.stop
    for memory in target.memory:
        yield "o", memory.origin, memory.origin + memory.length


def _stack(symbols: Symbols) -> tuple[int, int, Section | None]:
    """Return the lowest address of the stack and the one above it, equal where that is not known.

    The third is a section that has the stack and whatever else.
    """
    if symbols.stack is not None:
        return *symbols.stack, None
    high = symbols.initial_stack or 0
    written = [section for section in symbols.sections if section.is_writable]
    held = next((each for each in written if each.place.start < high <= each.place.stop), None)
    if held is not None:
        return high, high, held
    # It grows towards what lies below it.
    return max((each.place.stop for each in written if each.place.stop <= high), default=high), high, None
