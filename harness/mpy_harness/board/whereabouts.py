"""Where a guest that does not answer is executing, in words: it runs, and its machine lets us look at it."""

from __future__ import annotations

import struct

from mpy_harness import architectures
from mpy_harness.board.address_names import AddressNames
from mpy_harness.counting.locate import Block
from mpy_harness.machines import Machine

_CODE_BYTES = 48  # around an address: enough to tell in which module it is
_STACK_BYTES = 8192  # that are looked through, from the top: who calls is not far
_MOST_CALLERS = 8
# Where a firmware has no symbols, its interrupts have no name; the loop that they interrupt may have one. An emulator
# looks between its slices of time, and there interrupts are.
_LOOKS = 10


def whereabouts(machine: Machine, names: AddressNames, arch: str) -> str:
    """Return a sentence on it, with the native functions that the stack says are active; "" where nothing is known.

    ``arch`` is that of native modules.
    """
    found = _place(machine, names)
    if found is None:
        return ""
    address, block = found
    callers = _callers(machine, names, arch)
    blocks = [block, *callers.values()]
    lines = [f"It was executing at {address:#010x}, in {names.describe(address, blocks)}"]
    # A place in the call: what comes after it may be of another line.
    lines += [f"called from {names.describe(caller - 2, blocks)}" for caller in callers]
    return "\n  ".join(lines) + "."


def _place(machine: Machine, names: AddressNames) -> tuple[int, Block] | None:
    """Return an address and the code there: of some looks the first at a place with a name, else the last."""
    found = None
    for _ in range(_LOOKS):
        address = machine.program_counter()
        if address is None:
            break
        block = _block(machine, address)
        found = address, block
        if names.knows(address, [block]):
            break
    return found


def _block(machine: Machine, address: int) -> Block:
    first = max(address - _CODE_BYTES // 2, 0) & ~1
    return first, machine.read_memory(first, _CODE_BYTES)


def _callers(machine: Machine, names: AddressNames, arch: str) -> dict[int, Block]:
    """Return the return addresses on the stack that are in native modules, each once and with its code.

    The board's fault handler does the same (targets/boards/common/board_tell.c).
    """
    area, sp = names.native_code, machine.stack_pointer()
    which = architectures.instruction_set(arch)
    if which is None or not area or sp is None or sp >= names.stack_top:
        return {}
    stack = machine.read_memory(sp & ~3, min(names.stack_top - sp, _STACK_BYTES) & ~3)
    found: dict[int, Block] = {}
    for (word,) in struct.iter_unpack("<I", stack):
        if word & 1 == which.pointer_bits and word in area and word not in found:
            block = _block(machine, word)
            if which.ends_with_call(block[1][: which.code_address(word) - block[0]]):
                found[word] = block
        if len(found) == _MOST_CALLERS:
            break
    return found
