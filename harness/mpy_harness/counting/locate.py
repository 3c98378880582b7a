"""Find out which native module is where in the guest's memory, and name addresses in it.

The loader of MicroPython puts a module's text anywhere into the heap and says nowhere where. What is known
is code that was executed outside of the firmware: blocks of it, by address. A module is where several of
these blocks, each as far from the others as in the module's text, are its own.

A block is also explained by any other module with the same code, libgcc's helpers for example, but then the
rest of that module's executed code is not. So the module that explains most is believed first, what it
explains is taken off, and the others have to do with what is left.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mpy_harness.counting.profile import Function
from mpy_harness.firmware import mpyfile
from mpy_harness.firmware.natmod_lines import LineTable
from mpy_harness.firmware.natmod_symbols import Layout, NatmodFunction, NatmodVariable
from mpy_harness.firmware.natmods import NatmodBuild

#: Address and bytes of a block of code that was executed.
Block = tuple[int, bytes]
# A few bytes of code, and where they are: number of the block, address.
_Windows = dict[bytes, list[tuple[int, int]]]

_ALIGNMENT = 4  # of a text: its words are relocated where they stand
_WINDOW = 4  # bytes that are looked for, in the text and in the blocks
_COMMON = 16  # a window that a text has more often than this tells nothing
_LEAST_BLOCKS, _LEAST_BYTES = 2, 24  # that must agree
# As much code that nothing explains, times what agrees, speaks against a place: less may be left over from what was
# in the same memory before.
_DOUBT = 4


@dataclass(frozen=True)
class CodeImage:
    """A native module's text as its file has it; ``patched`` holds the offsets of bytes that the loader changes.

    Without ``functions``, addresses in it are named by their offset; ``lines`` tells their places in the source,
    relative to ``folder``.
    """

    name: str
    text: bytes
    functions: tuple[NatmodFunction, ...] = ()
    patched: tuple[range, ...] = ()
    lines: LineTable = field(default_factory=LineTable)
    variables: tuple[NatmodVariable, ...] = ()
    folder: Path | None = None

    def variable_at(self, offset: int) -> str:
        """Return the name of the variable at an offset into the bss."""
        found = (each for each in self.variables if each.space == "bss" and 0 <= offset - each.offset < each.size)
        return next((each.name for each in found), f"bss+{offset:#x}")

    def holds(self, code: bytes, offset: int) -> bool:
        """Tell whether ``code`` is at ``offset`` of the text, apart from what the loader patches."""
        if offset < 0 or offset + len(code) > len(self.text):
            return False
        here = self.text[offset : offset + len(code)]
        if here == code:
            return True
        changed = [offset + at for at, (one, other) in enumerate(zip(here, code, strict=True)) if one != other]
        # What is patched could be anything, and is hardly ever executed: by itself it tells nothing.
        return 2 * len(changed) <= len(code) and all(at in self._loose for at in changed)

    def describe(self, offset: int) -> str:
        """Return in words what is at ``offset``: function and source line, or the offset where that is not known."""
        name = self._names[offset] if offset < len(self._names) else None
        if name is None:
            return f"the native module {self.name}, {self.name}+{offset:#x}"
        place = self.lines.at(offset)
        line = f", {place[0]}:{place[1]}" if place is not None else ""
        return f"{name}() of the native module {self.name}{line}"

    def function_at(self, offset: int) -> str:
        """Return the name of what is at ``offset``: the innermost function, or the module's name and the offset."""
        name = self._names[offset] if offset < len(self._names) else None
        return f"{self.name}+{offset:#x}" if name is None else name

    @cached_property
    def _loose(self) -> frozenset[int]:
        return frozenset(at for part in self.patched for at in range(part.start, min(part.stop, len(self.text))))

    @cached_property
    def _names(self) -> list[str | None]:
        # A function may lie in another one (libgcc's have several entries): the one that begins later counts.
        names: list[str | None] = [None] * (len(self.text) if self.functions else 0)
        for function in sorted(self.functions, key=lambda function: function.offset):
            end = min(function.offset + function.size, len(names))
            names[function.offset : end] = [function.name] * (end - function.offset)
        return names


@dataclass(frozen=True)
class Placement:
    """A module that was found: its text begins at ``address``; ``blocks`` of executed code say so."""

    image: CodeImage
    address: int
    blocks: int

    def __contains__(self, address: object) -> bool:
        return isinstance(address, int) and self.address <= address < self.address + len(self.image.text)

    def function(self, address: int) -> Function:
        """Return the function at an address within the module."""
        return Function(self.image.function_at(address - self.address), self.image.name, "natmod")


def images_of(module: NatmodBuild | Path) -> tuple[CodeImage, ...]:
    """Return the image of a native module that was built, with its functions, or of a finished .mpy file, without.

    A file of bytecode has none. Raises CorruptModule.
    """
    if isinstance(module, NatmodBuild):
        path, name, layout, folder = module.path, module.name, module.layout, module.folder
    else:
        path, name, layout, folder = module, module.stem, Layout(), None
    return tuple(
        CodeImage(name, one.text, layout.functions, one.patched, layout.lines, layout.variables, folder)
        for one in mpyfile.inspect(path).native_modules
    )


class ModulePlacements:
    """Where the modules are that blocks of executed code are from.

    ``blocks`` may be from several lives of the guest, with modules at other addresses in each. Of images that
    explain the blocks equally well, the first of ``images`` is believed.
    """

    def __init__(self, blocks: Iterable[Block], images: Sequence[CodeImage]) -> None:
        self._blocks = sorted({(address, bytes(code)) for address, code in blocks if code})
        self._longest = max((len(code) for _, code in self._blocks), default=0)
        self._owners: dict[int, Placement] = {}  # by the block's number
        self.placements = tuple(self._choose(_candidates(self._blocks, images)))

    def name(self, address: int) -> Function | None:
        """Return the function of a native module that an instruction's address is in, None where in none.

        Where two modules were at the same place one after the other, the one counts whose block begins there.
        """
        around = self._around(address)
        exact = [number for number in around if self._blocks[number][0] == address]
        owners = [self._owners[number] for number in exact or around if number in self._owners]
        if not around:  # not among the blocks: it is enough to be between others of the module
            owners = [placement for placement in self.placements if address in placement]
        return owners[0].function(address) if owners else None

    def _around(self, address: int) -> list[int]:
        """Return the numbers of the blocks that an address is in, the nearest begin first."""
        last = bisect_left(self._blocks, (address + 1, b""))
        first = bisect_left(self._blocks, (address - self._longest, b""))
        return [n for n in range(last - 1, first - 1, -1) if address < self._blocks[n][0] + len(self._blocks[n][1])]

    def _choose(self, candidates: list[_Candidate]) -> list[Placement]:
        left = set(range(len(self._blocks)))
        chosen: list[Placement] = []
        while candidates := [candidate for candidate in candidates if candidate.is_believable]:
            best = max(candidates, key=lambda candidate: candidate.weight)
            candidates.remove(best)
            # What another module explains does not speak against this one: memory is used again.
            explained = best.agreeing.union(*(candidate.agreeing for candidate in candidates))
            if _size(self._blocks, (best.in_range & left) - explained) >= _DOUBT * best.weight:
                continue
            placement = Placement(best.image, best.address, len(best.agreeing))
            chosen.append(placement)
            self._owners.update(dict.fromkeys(best.agreeing, placement))
            left -= best.agreeing
            for candidate in candidates:
                candidate.agreeing &= left
                candidate.weigh(self._blocks)
        return chosen


class _Candidate:
    """An image at an address, and the numbers of the blocks in its range and of those among them that agree."""

    def __init__(self, image: CodeImage, address: int, blocks: list[Block]) -> None:
        self.image = image
        self.address = address
        first = bisect_left(blocks, (address, b""))
        last = bisect_left(blocks, (address + len(image.text), b""))
        self.in_range = set(range(first, last))
        self.agreeing = {n for n in self.in_range if image.holds(blocks[n][1], blocks[n][0] - address)}
        self.weigh(blocks)

    def weigh(self, blocks: list[Block]) -> None:
        """Compute how many bytes agree."""
        self.weight = _size(blocks, self.agreeing)

    @property
    def is_believable(self) -> bool:
        """Tell whether enough agrees for it not to be by chance."""
        return len(self.agreeing) >= _LEAST_BLOCKS and self.weight >= _LEAST_BYTES


def _size(blocks: list[Block], numbers: Iterable[int]) -> int:
    return sum(len(blocks[number][1]) for number in numbers)


def _candidates(blocks: list[Block], images: Sequence[CodeImage]) -> list[_Candidate]:
    """Return the places of images that at least two blocks agree on."""
    windows: _Windows = defaultdict(list)
    for number, (address, code) in enumerate(blocks):
        for at in range(len(code) - _WINDOW + 1):
            windows[code[at : at + _WINDOW]].append((number, address + at))
    found = []
    for image in images:
        for start, numbers in _votes(image, windows).items():
            agreeing = [n for n in numbers if image.holds(blocks[n][1], blocks[n][0] - start)]
            if len(agreeing) >= _LEAST_BLOCKS:
                found.append(_Candidate(image, start, blocks))
    return found


def _votes(image: CodeImage, windows: _Windows) -> dict[int, set[int]]:
    """Return the addresses at which an image may be, and for each the numbers of the blocks that would fit."""
    offsets: dict[bytes, list[int]] = defaultdict(list)
    for offset in range(len(image.text) - _WINDOW + 1):
        window = image.text[offset : offset + _WINDOW]
        if window in windows:
            offsets[window].append(offset)
    votes: dict[int, set[int]] = defaultdict(set)
    for window, there in offsets.items():
        if len(there) <= _COMMON:
            for number, address in windows[window]:
                for offset in there:
                    if address >= offset and (address - offset) % _ALIGNMENT == 0:
                        votes[address - offset].add(number)
    return votes
