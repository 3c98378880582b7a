"""Recognise the lines in which a board's firmware reports a fault of its core, and explain it.

They are those of the boards in ``targets/``: ``#FAULT <kind> <register>=0x<value> ...``, and behind it a line
``#CODE <name>=0x<address> from=0x<address of the first byte> <bytes>`` for each of these addresses that may be in
native code: ``pc``, ``lr`` (on RISC-V ``ra``), and return addresses on the stack (``caller``, the innermost first).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mpy_harness import architectures
from mpy_harness.counting.locate import Block
from mpy_harness.errors import GuestFault

MARK = b"#FAULT "
_RETURNS = ("lr", "ra")  # the register with the return address
_LINE = re.compile(rb"#FAULT (\w+)((?: \w+=0x[0-9a-f]+)*)\r?\n")
# The last line may be without its end: a UART that waits for a busy host loses the byte that it holds with the reset.
_CODE = re.compile(rb"#CODE (\w+)=0x([0-9a-f]{1,8}) from=0x([0-9a-f]{1,8}) ((?:[0-9a-f]{2})+)[0-9a-f]?(?:\r?\n|\r?\Z)")


def find_fault(console: bytes) -> GuestFault | None:
    """Return the fault that the bytes report, None without one."""
    found = _LINE.search(console)
    if found is None:
        return None
    kind = found.group(1).decode()
    registers = {name: int(value, 16) for name, value in (part.split("=") for part in found.group(2).decode().split())}
    return GuestFault(kind, registers, _explain(kind, registers))


def explain_fault(console: bytes, where: Callable[[int], str]) -> GuestFault | None:
    """Return the fault that the bytes report, with its places; ``where`` puts an address into words."""
    fault = find_fault(console)
    return add_places(fault, where, callers(console)) if fault is not None else None


def add_places(fault: GuestFault, where: Callable[[int], str], callers: Sequence[int] = ()) -> GuestFault:
    """Add to a fault's explanation where the core was, and where it had been called from.

    ``callers`` are further return addresses, the innermost first.
    """
    places = []
    told = {name: address for name, address in fault.registers.items() if name in ("pc", *_RETURNS)}
    if not any(told.values()) and callers:
        told = {}  # they could not be saved: what is on the stack is all there is
    for name, address in told.items():
        places.append(f"{name} is in {where(_call(name, address) if name in _RETURNS else address)}")
    places += [f"called from {where(_call('caller', each))}" for each in callers if each not in told.values()]
    fault.args = ("\n  ".join([fault.args[0], *places]),)
    return fault


def code_shown(console: bytes) -> list[Block]:
    """Return the bytes of code that are shown with a fault."""
    return [(int(first, 16), bytes.fromhex(code.decode())) for _, _, first, code in _CODE.findall(console)]


def callers(console: bytes) -> list[int]:
    """Return the return addresses on the stack that are told with a fault, the innermost first."""
    return [int(address, 16) for name, address, _, _ in _CODE.findall(console) if name == b"caller"]


def _call(name: str, return_address: int) -> int:
    # A place in the instruction that called: what comes after may be of another line, or of another function. A return
    # address of Thumb code is odd; anything else in its register lr is none.
    is_one = return_address > 1 and (return_address & 1 or name != "lr")
    return return_address - 2 if is_one else return_address


def _explain(kind: str, registers: dict[str, int]) -> str:
    if kind == "UncaughtNLR":
        return "the guest raised an exception where nothing could catch it (a native module outside of any call?)"
    reasons = architectures.fault_reasons(registers)
    values = " ".join(f"{name}=0x{value:08x}" for name, value in registers.items())
    return f"the core took a {kind}: {', '.join(reasons) or 'no reason recorded'}\n  {values}"
