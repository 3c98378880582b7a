"""What valgrind found, in the lines in which the memory checker of QEMU tells it (memcheck/lines.py)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mpy_harness.memcheck.lines import Block, FindingLine, Site, What

#: The address and the code of a native module.
Module = tuple[int, bytes]

# valgrind's sources describe the format (xml-output-protocol4.txt).
_ERROR = re.compile(r"<error>.*?</error>\s*", re.DOTALL)
_STACK = re.compile(r"<stack>(.*?)</stack>", re.DOTALL)
_FRAME = re.compile(r"<ip>0x([0-9A-F]+)</ip>(?:\s*<obj>[^<]*</obj>)?(?:\s*<fn>([^<]*)</fn>)?")
_ACCESS = re.compile(r"<what>Invalid (read|write) of size (\d+)</what>")
_FREE = re.compile(r"<kind>InvalidFree</kind>")
_ADDRESS = re.compile(r"<auxwhat>Address 0x([0-9a-f]+) is ([^<]*)</auxwhat>")
_BLOCK = re.compile(
    r"([\d,]+) bytes (before|inside|after) a (?:recently re-allocated )?block of size ([\d,]+) (alloc|free)'d"
)
_BELOW_STACK = re.compile(r"<auxwhat>([\d,]+) bytes below stack pointer</auxwhat>")

_INTERPRETER = ("mp_execute_bytecode", "fun_bc_call")  # between what native code called and what went wrong
_COLLECTOR, _RESIZING = "gc_collect", "__wrap_gc_realloc"
# What native code calls them by; valgrind has some of its own in their place.
_COPIES = re.compile(r"\W*_*(?:vgr\w*ZZ_?)?(memset|memcpy|memmove)")
_MOST = 1 << 20  # bytes of valgrind's words that are looked at in one go


class Frame(NamedTuple):
    """A frame of a stack: an address, and the function's name where that is known."""

    address: int
    function: str


@dataclass
class ValgrindFindings:
    """What valgrind writes to a descriptor; ``modules`` tells where native modules are now."""

    descriptor: int
    modules: Callable[[], Sequence[Module]]
    _at: int = 0

    def take(self) -> bytes:
        """Return what was written since the last time."""
        told, self._at = self._new_errors()
        return told

    def peek(self) -> bytes:
        """Return what was written since the last time that it was taken."""
        return self._new_errors()[0]

    def _new_errors(self) -> tuple[bytes, int]:
        text = os.pread(self.descriptor, _MOST, self._at).decode("utf-8", "replace")
        errors = list(_ERROR.finditer(text))
        if not errors:
            return b"", self._at
        modules = self.modules()
        places = [range(address, address + len(code)) for address, code in modules]
        found = [line.model_dump_json() for error in errors if (line := finding(error.group(), places)) is not None]
        used = len(text[: errors[-1].end()].encode("utf-8", "replace"))
        lines = [_module(number, *module) for number, module in enumerate(modules, 1)] + found
        return "".join(f"{line}\n" for line in lines).encode(), self._at + used


def _module(number: int, address: int, code: bytes) -> str:
    # Where a module's variables are, nobody tells: to valgrind they are a block like any other.
    unknown = dict.fromkeys(("copy_of_text", "data", "rodata", "data_end"), 0)
    return json.dumps({"number": number, "text": address, **unknown, "code": code.hex()})


def finding(error: str, code: Sequence[range]) -> FindingLine | None:
    """Return what an error of valgrind's says; None for what no native code has done.

    ``code`` is where that is.
    """
    stacks = [_frames(stack) for stack in _STACK.findall(error)]
    access, address = _ACCESS.search(error), _ADDRESS.search(error)
    if not stacks or address is None or (access is None and _FREE.search(error) is None):
        return None
    site, called = _site(stacks[0], code)
    if not site:
        return None
    place, about = int(address[1], 16), address[2]
    block, end = _block(place, about, stacks[1:], code)
    if access is None and end == "free" and block is not None and place != block.start:
        block = None  # a block that was there before, and not the one that was freed
    below = _BELOW_STACK.search(error)
    if access is None:
        what: What | None = "freed twice" if end == "free" else "no block"
    elif block is not None:
        what = _beside(block, place, is_free=end == "free")
    elif "stack" in about and below is not None:
        what = "stack"
    else:  # where there is no memory at all, a signal follows, which tells more
        what = "never" if "anonymous" in about else None
    if what is None:
        return None
    size = int(access[2]) if access is not None else 0
    return FindingLine(
        what=what,
        site=site,
        function=0,
        called=called if access is not None else "",
        store=access is not None and access[1] == "write",
        size=size,
        address=place,
        stack=place + _number(below[1]) if below is not None else 0,
        block=block,
    )


def _beside(block: Block, place: int, *, is_free: bool) -> What:
    if place < block.start:
        return "before"
    return "freed" if is_free and place < block.start + block.size else "beyond"


def _block(place: int, about: str, stacks: Sequence[list[Frame]], code: Sequence[range]) -> tuple[Block | None, str]:
    found = _BLOCK.search(about)
    if found is None:
        return None, ""
    distance, size, end = _number(found[1]), _number(found[3]), found[4]
    start = place + distance if found[2] == "before" else place - distance - (size if found[2] == "after" else 0)
    allocated = stacks[-1] if stacks else []
    by, _ = _site(allocated, code)
    block = Block(start=start, size=size, by=by or (0,))
    if end == "free" and stacks:
        names = {frame.function for frame in stacks[0]}
        how = "collection" if _COLLECTOR in names else "move" if _RESIZING in names else "free"
        block = block.model_copy(update={"end": how, "ended_by": _site(stacks[0], code)[0] or (0,)})
    return block, end


def _site(frames: Sequence[Frame], code: Sequence[range]) -> tuple[Site, str]:
    """Return the addresses of native code on a stack, and what it called: none where that was Python code."""
    before: list[str] = []
    for number, frame in enumerate(frames):
        if any(frame.address in part for part in code):
            rest = frames[number:]
            called = next((match[1] for name in before if (match := _COPIES.match(name))), before[-1] if before else "")
            return tuple(each.address for each in rest if any(each.address in part for part in code)), called
        if frame.function in _INTERPRETER:
            break
        before.append(frame.function)
    return (), ""


def _frames(stack: str) -> list[Frame]:
    return [Frame(int(address, 16), function) for address, function in _FRAME.findall(stack)]


def _number(text: str) -> int:
    return int(text.replace(",", ""))
