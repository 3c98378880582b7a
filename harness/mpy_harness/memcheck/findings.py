"""Findings: what native code did wrong to memory, by module, function and source line, and in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mpy_harness.counting.locate import CodeImage
from mpy_harness.errors import MemoryMisused
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.memcheck.lines import Block, FindingLine, ModuleLine, Site, What

#: The faults by their usual names.
KINDS: dict[What, str] = {
    "beyond": "overrun",
    "before": "underrun",
    "freed": "use after free",
    "never": "wild pointer",
    "stack": "use of a stack frame that is gone",
    "null": "null pointer",
    "wild": "wild pointer",
    "code": "write to the firmware's code or constants",
    "tables": "access to the heap's own tables",
    "data": "write to the firmware's variables",
    "text": "write to code or constants of the module",
    "rodata": "write to constants of the module",
    "module": "write to another module",
    "object": "write to an object that is no buffer",
    "no block": "free of what is no block",
    "freed twice": "double free",
    "unwritten": "read of bytes that nobody has written",
}
# A module has functions of these names, and those of MicroPython's header, to reach those of the firmware.
_PASSED_ON = {"memset", "memmove", "memcpy"}
_HELPERS = "py/dynruntime.h"
# Functions there, by name as well: of one at the begin of a module's text, objdump may say another file (RISC-V).
_HELPER = re.compile(r"mp?_\w+_dyn")
_ROUNDED = 16  # bytes: the collector's blocks on a machine of 32 bits
_MORE = 10  # findings that are told in a line each, after the first


@dataclass(frozen=True)
class CodePlace:
    """A place in a native module: its function and source line where those are known, else only an offset."""

    module: str
    function: str
    offset: int
    file: str = ""
    line: int = 0

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what tells it from other places: module, file and line, or module and offset."""
        return self.module, self.file, self.line or self.offset

    @property
    def is_helper(self) -> bool:
        """Tell whether it only passes on what the module asks of the firmware: who called it is meant."""
        is_named_so = self.function in _PASSED_ON or _HELPER.fullmatch(self.function) is not None
        return is_named_so or self.file.endswith(_HELPERS)

    def __str__(self) -> str:
        function = f"{self.function}()" if "+" not in self.function else self.function
        where = f", {self.file}:{self.line}" if self.file else ""
        return f"{function} of the native module {self.module}{where}"


@dataclass(frozen=True)
class Finding:
    """One thing that native code did wrong. ``kind`` is one of ``KINDS``' values.

    ``place`` is where in native code, ``access`` what it did, ``about`` the lines that say to what.
    """

    kind: str
    place: CodePlace
    access: str
    about: tuple[str, ...]
    address: int

    @property
    def headline(self) -> str:
        """Return it in one line."""
        return f"{self.kind}: {self.place}, {self.access}"

    def __str__(self) -> str:
        return "\n  ".join([self.headline, *self.about])


class Naming:
    """Names of what a life's findings are about: ``symbols`` are the firmware's, ``images`` the modules' code."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self._modules: list[tuple[ModuleLine, CodeImage | None]] = []

    def add(self, module: ModuleLine, images: Sequence[CodeImage]) -> CodeImage | None:
        """Take note of where a module is, and return which one of ``images`` it is, if any."""
        found = next((image for image in images if image.holds(module.code[: len(image.text)], 0)), None)
        end = module.text + len(module.code)
        of_former_lives = [
            known for known in self._modules if known[0].text < end and module.text < known[0].text + len(known[0].code)
        ]
        self._modules = [known for known in self._modules if known not in of_former_lives]
        self._modules.append((module, found))
        return found

    def finding(self, line: FindingLine) -> Finding:
        """Return a finding with names."""
        return Finding(
            KINDS[line.what], self.place(line.site), self._access(line), tuple(self._about(line)), line.address
        )

    def place(self, site: Site) -> CodePlace:
        """Return the place in native code that is meant: of one in a helper, where that was called."""
        places = [self._place(address) for address in site]
        return next((place for place in places if not place.is_helper), places[0])

    def _place(self, address: int) -> CodePlace:
        for module, image in self._modules:
            offset = address - module.text
            if not 0 <= offset < len(module.code):
                continue
            if image is None:
                return CodePlace("whose file is not known", f"+{offset:#x}", offset)
            file, line = _own_line(image, offset)
            file = _HELPERS if file.endswith(_HELPERS) else file
            return CodePlace(image.name, image.function_at(offset), offset, file, line)
        return CodePlace("that is not known", f"+{address:#x}", address)

    def _access(self, line: FindingLine) -> str:
        if line.what in {"no block", "freed twice"}:
            return f"frees {line.address:#010x}"
        does = f"{'writes' if line.store else 'reads'} {_bytes(line.size)} at {line.address:#010x}"
        function = self._symbols.at(line.function) if line.function else None
        called = function.name if function is not None else line.called
        return f"which calls {called}(), {does}" if called else does

    def _about(self, line: FindingLine) -> list[str]:
        match line.what:
            case "stack":
                return [f"{_bytes(line.stack - line.address)} below the stack pointer: of a function that has returned"]
            case "never" | "wild":
                return ["where the guest has nothing: no block of the heap, no variable, no device"]
            case "null" | "tables" | "data" | "code":
                return []
            case _:
                return self._about_blocks(line)

    def _about_blocks(self, line: FindingLine) -> list[str]:
        if line.block is None:
            return [] if (owner := self._owner(line.address)) is None else [owner]
        told = [_distance(line.address, line.size, line.block), *self._history(line.block)]
        if line.holder:
            told.append(self._holder(line, line.block))
        if line.what in {"rodata", "module"} and (owner := self._owner(line.address)) is not None:
            told.insert(0, owner)
        if line.near is not None:
            told.append(f"or {_distance(line.address, line.size, line.near)}")
            told += self._history(line.near)
        if line.block.is_rounded or (line.near is not None and line.near.is_rounded):
            told.append(f"checked to blocks of {_ROUNDED} bytes: what was asked for is not seen (docs/memcheck.md)")
        return told

    def _owner(self, address: int) -> str | None:
        for module, image in self._modules:
            name = image.name if image is not None else "whose file is not known"
            if module.data <= address < module.data_end:
                part = "constants" if address >= module.rodata else "variables"
                return f"{part} of the native module {name}"
            if module.text <= address < module.text + len(module.code):
                return f"code or constants of the native module {name}, {name}+{address - module.text:#x}"
        return None

    def _holder(self, line: FindingLine, block: Block) -> str:
        at = line.held - block.start
        what = f"a pointer to {_bytes(at)} into it" if at else "a pointer to its begin, at no multiple of 4,"
        for module, image in self._modules:
            if module.data <= line.holder < module.rodata:
                offset = line.holder - module.data
                name = image.variable_at(offset) if image is not None else f"bss+{offset:#x}"
                return f"{what} is in the variable {name} of the native module: that does not keep it"
        return f"{what} is in another block, at {line.holder:#010x}: that does not keep it"

    def _history(self, block: Block) -> list[str]:
        told = [f"allocated by {self._who(block.by)}"]
        match block.end:
            case "free":
                told.append(f"freed by {self._who(block.ended_by)}")
            case "collection":
                told.append("freed by the collector, which saw no pointer to its begin")
            case "move":
                told.append(f"moved elsewhere when it was resized, by {self._who(block.ended_by)}")
            case None:
                pass
        return told

    def _who(self, site: Site) -> str:
        return str(self.place(site)) if site[0] else "the interpreter"


def _own_line(image: CodeImage, offset: int) -> tuple[str, int]:
    """Return the source line of an offset; of code that the compiler took from a helper, the one before it."""
    function = image.function_at(offset)
    found = image.lines.at(offset) or ("", 0)
    for before in range(offset, -1, -2):
        file, line = image.lines.at(before) or ("", 0)
        if image.function_at(before) != function:
            break
        if file and not file.endswith(_HELPERS):
            return file, line
    return found


def misuse(findings: Sequence[Finding], then: BaseException | None = None) -> MemoryMisused:
    """Return the error that tells of findings, at least one: the first in full, the others in a line each.

    ``then`` is what the program ended with.
    """
    first, *others = findings
    parts = [str(first)]
    if others:
        parts.append(f"and {len(others)} more:")
        parts += [f"  {other.headline}" for other in others[:_MORE]]
        parts += [f"  … and {len(others) - _MORE} more"] * (len(others) > _MORE)
    if then is not None:
        said = str(then).splitlines() or [""]
        parts.append(f"after which: {type(then).__name__}: {said[0]}")
    return MemoryMisused("\n".join(parts), findings)


def _distance(address: int, size: int, block: Block) -> str:
    least = f"{block.size - _ROUNDED + 1} to " if block.is_rounded else ""
    what = f"a block of {least}{_bytes(block.size)}"
    end = block.start + block.size
    if address < block.start:
        return f"{_bytes(block.start - address)} before {what}"
    if address >= end:
        return f"{_bytes(address - end)} past the end of {what}"
    if address + size > end:
        return f"across the end of {what}, its last {_bytes(address + size - end)} past it"
    return f"{_bytes(address - block.start)} into {what}"


def _bytes(number: int) -> str:
    return f"{number} byte" if number == 1 else f"{number} bytes"
