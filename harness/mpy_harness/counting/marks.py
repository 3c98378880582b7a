"""Counting in emulators that say which marks were executed, and how many instructions before each.

What the TCG plugin does in QEMU (counting/plugin_c/region.c) is done here with those events.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mpy_harness import architectures
from mpy_harness.architectures.marks import Mark
from mpy_harness.counting.instrument import Instrument, Mode
from mpy_harness.counting.plugin_lines import Doubt
from mpy_harness.errors import CountingUnavailable
from mpy_harness.firmware.symbols import Symbols, code_of
from mpy_harness.targets import Target

#: An event: the mark, and the instructions executed before it.
EVENT = struct.Struct("<BQ")

# What machines/renode/in_renode/marks.py looks for: marks of this size, at addresses that are multiples of it.
_MARK_BYTES = 2
_NAME_BITS = 255 * 8
_OPEN_REGIONS = 16
_REQUEST_BEGINS, _ALL_ENDS, _REQUEST_ENDS = b"\1", b"\3", b"\x0b"
# MicroPython's function through which all machine code goes that it loads or emits: where, and how many bytes, are its
# third and fourth argument (py/emitglue.c).
_LOADS_CODE = "mp_emit_glue_assign_native"
# Functions that send each byte of a program's output: MicroPython's (py/mphal.h), that of plain C programs.
_SEND = ("mp_hal_stdout_tx_strn", "console_put")


@dataclass(frozen=True)
class MarkSites(Instrument):
    """Where the image may have marks, and its function that is called with all code that is loaded later, if any is.

    A place may hold data that looks like a mark: it is never executed, so that does no harm. ``encodings`` says what
    each mark looks like. ``code_in`` are the numbers of the registers that have the address of loaded code and its size
    in bytes. ``sending`` are the places of pause and resume around the wait for the UART with each byte
    that is sent.
    """

    sites: tuple[int, ...]
    encodings: Mapping[int, Mark]
    loads_code: int | None
    code_in: tuple[int, ...]
    sending: tuple[int, int] | None


def mark_sites(target: Target, image: Path, mode: Mode) -> MarkSites:
    """Return where a firmware image has marks. Raises CountingUnavailable, which says why that is not enough."""
    which = architectures.instruction_set(target.natmod.arch)
    if which is None or which.marks is None or which.marks.size != _MARK_BYTES:
        raise CountingUnavailable(f"marks for {target.natmod.arch} are not known in {target.emulator}.")
    symbols = Symbols(image)
    if not symbols.functions:
        raise CountingUnavailable(f"{image} has no symbols, by which marks in loaded code are found.")
    loads_code = symbols.address(_LOADS_CODE)
    known = which.marks.by_encoding
    marks = {
        address + at: known[encoding]
        for address, code in code_of(image)
        for at in range(0, len(code) - 1, _MARK_BYTES)
        if (encoding := int.from_bytes(code[at : at + _MARK_BYTES], "little")) in known
    }
    return MarkSites(
        mode,
        which.name,
        sites=tuple(marks),
        encodings=known,
        loads_code=None if loads_code is None else which.code_address(loads_code),
        code_in=which.arguments[2:4],
        sending=_sending(symbols, marks),
    )


def _sending(symbols: Symbols, marks: Mapping[int, Mark]) -> tuple[int, int] | None:
    # None where it is not as in our boards: then it is counted like any other.
    for name in _SEND:
        function = symbols.at(symbols.address(name) or 0)
        if function is None:
            continue
        inside = {mark: address for address, mark in marks.items() if function.start <= address < function.end}
        if inside.keys() == {Mark.PAUSE, Mark.RESUME}:
            return inside[Mark.PAUSE], inside[Mark.RESUME]
    return None


class MarkRecords:
    """The records of a file to which an emulator appends events; implements ``instrument.Records``."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._read = 0
        self._regions = Regions()

    def take(self) -> bytes:
        """Return the records of the regions that ended since the last time."""
        size = os.fstat(self._descriptor).st_size
        whole = (size - self._read) // EVENT.size * EVENT.size
        data = b""
        while len(data) < whole:
            data += os.pread(self._descriptor, whole - len(data), self._read + len(data))
        self._read += whole
        lines = (line for mark, before in EVENT.iter_unpack(data) for line in self._regions.executed(mark, before))
        return "".join(lines).encode()


@dataclass
class _Region:
    name: bytes
    start: int


class Regions:
    """The regions between the marks that were executed; see counting/plugin_c/region.c for what they mean."""

    def __init__(self) -> None:
        self._open: list[_Region] = []
        self._name: list[int] = []
        self._last: list[int] = []  # bits of the name's last byte
        self._pauses = 0
        self._paused_at = 0

    def executed(self, mark: int, before: int) -> Iterator[str]:
        """Take a mark and the instructions before it; yield the records of the regions that it ends."""
        if mark in {Mark.ZERO, Mark.ONE}:
            if not self._name:  # a name's length is nothing to the regions around
                self._wait_from(before)
            if len(self._name) < _NAME_BITS:
                self._name.append(int(mark == Mark.ONE))
            self._last = [*self._last[-7:], int(mark == Mark.ONE)]
            return
        if mark == Mark.PAUSE:
            self._wait_from(before)
            return
        if mark == Mark.RESUME:
            self._wait_until(before + 1)
            return
        if mark == Mark.START:
            if self._name:
                self._wait_until(before + 1)
            yield from self._start(before)
        elif len(self._open) > _OPEN_REGIONS or (self._open and not _is_hosts(self._open[-1])):
            yield from self._close_top(before, finished=True)
        self._name = []

    def _start(self, before: int) -> Iterator[str]:
        name = _bytes_of(self._name)
        last = _bytes_of(self._last) if name else b""
        if last in {_REQUEST_BEGINS, _REQUEST_ENDS, _ALL_ENDS}:
            is_open = bool(self._open) and _is_hosts(self._open[0])
            yield from self._close_all(before, last)
            if last == _REQUEST_ENDS and not is_open:
                yield _line(last, 0, 0, finished=True, doubt="end")
            if last != _REQUEST_BEGINS:
                return
            name = last
        # The mark itself is not part of the region.
        self._open.append(_Region(name, self._unless_paused(before + 1)))

    def _close_all(self, before: int, mark: bytes) -> Iterator[str]:
        while self._open:
            is_request = len(self._open) <= _OPEN_REGIONS and _is_hosts(self._open[-1])
            doubt: Doubt | None = "begin" if is_request and mark == _REQUEST_BEGINS else None
            yield from self._close_top(before, finished=is_request and mark == _REQUEST_ENDS, doubt=doubt)
        self._pauses = 0  # an exception or a reset while it waited

    def _close_top(self, before: int, *, finished: bool, doubt: Doubt | None = None) -> Iterator[str]:
        region = self._open.pop()
        depth = len(self._open)
        if depth < _OPEN_REGIONS:
            doubt = doubt or ("pause" if self._pauses else None)
            instructions = self._unless_paused(before) - region.start
            yield _line(region.name, depth, instructions, finished=finished, doubt=doubt)

    def _wait_from(self, before: int) -> None:
        if self._pauses == 0:
            self._paused_at = before
        self._pauses += 1

    def _wait_until(self, behind: int) -> None:
        if self._pauses == 0:
            return
        self._pauses -= 1
        if self._pauses == 0:
            for region in self._open:
                region.start += behind - self._paused_at

    def _unless_paused(self, count: int) -> int:
        return self._paused_at if self._pauses else count


def _is_hosts(region: _Region) -> bool:
    return region.name[-1:] == _REQUEST_BEGINS


def _line(name: bytes, depth: int, instructions: int, *, finished: bool, doubt: Doubt | None) -> str:
    facts = {
        "name": name.hex(),
        "depth": depth,
        "instructions": instructions,
        "finished": finished,
        "exact": doubt is None,
    }
    return json.dumps(facts if doubt is None else {**facts, "doubt": doubt}) + "\n"


def _bytes_of(bits: list[int]) -> bytes:
    # Most significant first; what makes no whole byte is dropped.
    whole = len(bits) // 8
    return bytes(int("".join(map(str, bits[8 * at : 8 * at + 8])), 2) for at in range(whole))
