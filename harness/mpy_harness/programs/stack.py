"""Whether a program's stack has left its place, on a core that does not notice by itself."""

from __future__ import annotations

from mpy_harness.errors import GuestFault
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.machines import Machine
from mpy_harness.targets import Target

# avr-libc's malloc() is linked, and has the memory below the stack.
_HEAP = "__brkval"


def overflown(machine: Machine, target: Target, symbols: Symbols) -> GuestFault | None:
    """Return the fault of a program that did not end, and whose stack has left its place; None where it has not.

    That is told by the stack pointer, and by the lowest bytes of the stack, which were painted. None as well where
    the core notices by itself.
    """
    which = target.instruction_set
    if which is None or not which.paint or symbols.stack is None:
        return None
    low, high = symbols.stack
    pointer = machine.stack_pointer()
    is_outside = pointer is not None and not low - 1 <= pointer + which.data_at < high
    is_painted = machine.read_memory(low, len(which.paint)) in {which.paint, b""}
    if not is_outside and (is_painted or symbols.address(_HEAP)):
        return None
    text = f"stack overflow: the program did not end, and its stack has been below 0x{low:06x}, where the variables end"
    return GuestFault("StackOverflow", {"painted": low, "sp": pointer or 0}, text)
